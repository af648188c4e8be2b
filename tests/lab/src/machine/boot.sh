# Boots the Debian root $root as the machine $name in the network $network, or in one of its own
# where that is empty, with the disk of $dir/disk laid over it, $deb installed and what the
# arguments bind, up to the unit $target; and again whenever the machine reboots. Everything
# ends with the process that started this: the pid namespace goes with its first process, that
# one with unshare, and unshare with its parent. The mounts go with their namespace.
set -eu

# A control group of its own: machines that share one take each other's services for theirs.
for hierarchy in /sys/fs/cgroup /sys/fs/cgroup/systemd /sys/fs/cgroup/unified; do
  [ -f "$hierarchy/cgroup.procs" ] || continue
  mkdir "$hierarchy/$group"
  echo $$ >"$hierarchy/$group/cgroup.procs"
done

exec setpriv --pdeathsig KILL unshare --mount --pid --fork --kill-child --mount-proc sh -euc '
  # What systemd-nspawn keeps of a machine, by its name: apart from that of other machines.
  mkdir -p /run/systemd
  mount -t tmpfs tmpfs /run/systemd

  # The disk is memory: it outlives a reboot of the machine, and goes with the mounts.
  memory=$dir/memory disk=$dir/memory/root
  mkdir "$memory"
  mount -t tmpfs tmpfs "$memory"
  mkdir "$memory/work" "$disk"
  cp -a "$dir/disk" "$memory/upper"
  mount -t overlay overlay \
    -o "lowerdir=$root,upperdir=$memory/upper,workdir=$memory/work" "$disk"

  # As an image is built: nothing is started.
  if [ -n "$deb" ]; then
    cp "$deb" "$disk/root/haproxy-gate.deb"
    DEBIAN_FRONTEND=noninteractive chroot "$disk" apt-get install --quiet --yes \
      /root/haproxy-gate.deb
  fi

  case $network in
    "") set -- --private-network "$@" ;;
    *) set -- --network-namespace-path="$network" "$@" ;;
  esac
  while :; do
    ended=0
    systemd-nspawn --quiet --directory="$disk" --machine="$name" --register=no --keep-unit \
      --capability=CAP_NET_ADMIN --console=pipe "$@" --boot -- --unit="$target" || ended=$?
    echo "the machine ended: $ended"
    # 133: rebooted.
    [ "$ended" = 133 ] || exit "$ended"
    # A network of its own has gone with the reboot.
    [ -n "$network" ] || continue
    # The network of a real machine, and its rules, would have gone, too. This one is the lab
    # and stays, so the rules have to be taken away. The legacy ones only where there are any:
    # to ask for them makes the table.
    nsenter --net="$network" sh -euc "
      for family in ip ip6; do
        variants=nft
        ! grep -qx nat /proc/self/net/\${family}_tables_names 2>/dev/null || variants=\"nft legacy\"
        for variant in \$variants; do
          \${family}tables-\$variant -t nat -F
          \${family}tables-\$variant -t nat -X
        done
      done
    "
    echo "the rules are gone"
  done
' sh "$@"
