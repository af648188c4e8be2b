# Boots the Debian root $root as the machine $name, with the files of $shared/disk laid over it
# and the folder $shared/work in it as /work; and again when it reboots. Everything ends with the
# process that started this: the pid namespace goes with its first process, that one with
# unshare, and unshare with its parent. The mounts go with their namespace.
set -eu

# A control group of its own: machines that share one take each other's services for theirs.
for hierarchy in /sys/fs/cgroup /sys/fs/cgroup/systemd /sys/fs/cgroup/unified; do
  [ -f "$hierarchy/cgroup.procs" ] || continue
  mkdir "$hierarchy/$name"
  echo $$ >"$hierarchy/$name/cgroup.procs"
done

exec setpriv --pdeathsig KILL unshare --mount --pid --fork --kill-child --mount-proc sh -euc '
  # What systemd-nspawn keeps of a machine, by its name: apart from that of other machines.
  mkdir -p /run/systemd
  mount -t tmpfs tmpfs /run/systemd

  # The disk is memory: it outlives a reboot of the machine, and goes with the mounts.
  memory=$shared/memory disk=$shared/memory/root
  mkdir "$memory"
  mount -t tmpfs tmpfs "$memory"
  mkdir "$memory/work" "$disk"
  cp -a "$shared/disk" "$memory/upper"
  mount -t overlay overlay \
    -o "lowerdir=$root,upperdir=$memory/upper,workdir=$memory/work" "$disk"

  while :; do
    ended=0
    systemd-nspawn --quiet --directory="$disk" --machine="$name" --register=no --keep-unit \
      --private-network --capability=CAP_NET_ADMIN --console=pipe \
      --bind="$shared/work:/work" --boot || ended=$?
    # 133: rebooted.
    [ "$ended" = 133 ] || exit "$ended"
  done
'
