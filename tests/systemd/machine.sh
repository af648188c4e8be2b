# Boots the Debian root $root as the machine $name; its bus and units are in the folder $shared.
# Everything ends with the process that started this: the pid namespace goes with its first
# process, that one with unshare, and unshare with its parent.
set -eu

# A control group of its own: machines that share one take each other's services for theirs.
for hierarchy in /sys/fs/cgroup /sys/fs/cgroup/systemd /sys/fs/cgroup/unified; do
  [ -f "$hierarchy/cgroup.procs" ] || continue
  mkdir "$hierarchy/$name"
  echo $$ >"$hierarchy/$name/cgroup.procs"
done

exec setpriv --pdeathsig KILL unshare --mount --pid --fork --kill-child --mount-proc \
  systemd-nspawn --quiet --directory="$root" --machine="$name" --volatile=overlay \
  --register=no --keep-unit --private-network --console=pipe \
  --bind="$shared/bus:/run/dbus" --bind="$shared/units:/run/systemd/system" \
  --bind="$shared/work:/work" --boot -- --unit=basic.target
