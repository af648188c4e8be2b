# Boots the Debian root $root as the machine $name in the network $network, or in its own network if
# that is empty. It lays $dir/disk over the root, installs $deb, binds the folders in the arguments,
# and boots up to the unit $target. It boots again when the machine reboots. Everything ends with
# the process that started this: the pid namespace goes with its first process, that one with
# unshare, and unshare with its parent. The mounts go with their namespace.
set -eu

# A control group of its own: machines in the same group would mix up their services.
for hierarchy in /sys/fs/cgroup /sys/fs/cgroup/systemd /sys/fs/cgroup/unified; do
  [ -f "$hierarchy/cgroup.procs" ] || continue
  mkdir "$hierarchy/$group"
  echo $$ >"$hierarchy/$group/cgroup.procs"
done

exec setpriv --pdeathsig KILL unshare --mount --pid --fork --kill-child --mount-proc sh -euc '
  # systemd-nspawn keeps data by the name of a machine: here apart from other machines.
  mkdir -p /run/systemd
  mount -t tmpfs tmpfs /run/systemd

  # The disk is memory: it survives a reboot of the machine, and goes with the mounts.
  memory=$dir/memory disk=$dir/memory/root
  mkdir "$memory"
  mount -t tmpfs tmpfs "$memory"
  mkdir "$memory/work" "$disk"
  cp -a "$dir/disk" "$memory/upper"
  mount -t overlay overlay \
    -o "lowerdir=$root,upperdir=$memory/upper,workdir=$memory/work" "$disk"

  # As in the build of an image: no service starts.
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
    # 133: a reboot.
    [ "$ended" = 133 ] || exit "$ended"
    # The separate network has gone with the reboot.
    [ -n "$network" ] || continue
    # The network of a real machine would have gone, with its rules. This network belongs to the lab
    # and remains, so the script removes the rules. It removes legacy ones only if there are any,
    # because asking for them creates the table.
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
