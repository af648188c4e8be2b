# Pid 1 of a remote host: its own file system over that of this machine, sshd, and the app. Its
# gates are closed. Its mounts are in its own mount namespace and go with it.
# shellcheck shell=sh
set -e
: "${dir:?}" "${programs:?}" "${agent:?}" "${agents:?}" "${name:?}"
root=$dir/mnt/root
mkdir "$dir/mnt"
mount -t tmpfs lab "$dir/mnt"
mkdir "$dir/mnt/upper" "$dir/mnt/work" "$root"
mount -t overlay lab "$root" \
    -o "lowerdir=/,upperdir=$dir/mnt/upper,workdir=$dir/mnt/work"

# Hides the users and the services of this machine.
mount -t tmpfs -o mode=755 lab "$root/run"
mount -t tmpfs -o mode=700 lab "$root/root"
mount -t tmpfs -o mode=1777 lab "$root/tmp"
mount -t proc lab "$root/proc"
mount -t sysfs lab "$root/sys"
mount --rbind /dev "$root/dev"
rm -rf "$root/etc/ssh" "$root/etc/haproxy-gate" "$root/var/lib/haproxy-gate"

# Shared with the test: this host's folder, and the programs under test.
mkdir -p "$root$dir" "$root$programs" "$root$agents" "$root/run/sshd"
mount --bind "$dir" "$root$dir"
mount --bind -o ro "$programs" "$root$programs"
mount --bind -o ro "$agents" "$root$agents"
ln -s "$agent" "$root/usr/local/sbin/agent"
cp -r --preserve=mode "$dir/files/." "$root"

mkdir "$root/old"
cd "$root"
pivot_root . old
umount --lazy /old
rmdir /old
hostname "$name"

/usr/sbin/sshd -E "$dir/sshd.log"
web start ${target:+"$target"}
echo ready
# Pid 1 must also wait for orphans, and `wait` does.
while :; do
    sleep 86400 &
    wait
done
