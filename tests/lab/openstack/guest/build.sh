#!/bin/sh
# Build the believable guest: Debian 13 with sshd, sudo and the real cloud-init on ext4.
#
#   build.sh OUT.qcow2
#
# Partition 1 is FAT with syslinux, kernel and a small initramfs; partition 2 is the
# root, which cloud-init grows to the flavor's disk. The kernel is the one of Debian 12:
# newer ones fall over in QEMU 7.2's emulation of cmpxchg16b.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
out=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

# The package mirror is whichever this machine uses.
mirror=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' |
    grep -v security | head -n 1)
keys=/usr/share/keyrings/debian-archive-keyring.gpg

mmdebstrap --quiet --variant=minbase --mode=root --format=directory \
    --aptopt='Acquire::Languages "none"' --aptopt='APT::Install-Recommends "false"' \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=/usr/share/i18n/*' \
    --include=openssh-server,sudo,cloud-init,cloud-guest-utils,e2fsprogs \
    --include=iproute2,iputils-ping,busybox-static \
    trixie root "deb [signed-by=$keys] $mirror trixie main"

kernel=$(apt-cache depends linux-image-cloud-amd64 |
    sed -n 's/.*Depends: *\(linux-image-[0-9].*\)/\1/p' | head -n 1)
apt-get download -qq -o APT::Sandbox::User=root "$kernel"
dpkg-deb -x linux-image-*.deb kernel
version=$(ls kernel/lib/modules)
depmod -b kernel "$version"

# What a driver needs, in loading order, as paths.
drivers() {
    for module in "$@"; do
        modprobe -d "$work/kernel" -S "$version" --show-depends "$module" || true
    done 2>/dev/null | sed -n 's/^insmod //p' | awk '!seen[$1]++ {print $1}'
}

# Drivers to reach the root are in the initramfs, the others in the root.
mkdir -p ramfs/bin ramfs/modules ramfs/dev ramfs/proc ramfs/sys ramfs/root
cp root/usr/bin/busybox ramfs/bin/
cp "$here/initramfs" ramfs/init
for path in $(drivers virtio_pci virtio_blk virtio_scsi sd_mod); do
    cp "$path" ramfs/modules/
    basename "$path" >>ramfs/modules/order
done
(cd ramfs && find . | cpio --quiet -o -H newc | gzip -6 >../initrd.gz)

later="virtio_net virtio_rng ata_piix sr_mod isofs vfat nls_cp437 nls_ascii nls_iso8859-1 evdev button"
for path in $(drivers virtio_pci virtio_blk virtio_scsi sd_mod $later); do
    install -D -m 644 "$path" "root/usr/lib/modules/$version/${path##*/"$version"/}"
done
cp "kernel/lib/modules/$version"/modules.builtin* "kernel/lib/modules/$version/modules.order" \
    "root/usr/lib/modules/$version/"
depmod -b root "$version"

mkdir -p root/etc/lab
cp "$here/rc" "$here/dhcp" "$here/power-button" "$here/first-boot" root/etc/lab/
cp "$here/inittab" root/etc/inittab
cp "$here/cloud.cfg" root/etc/cloud/cloud.cfg
printf '%s\n' $later >root/etc/modules
for command in init reboot poweroff halt; do ln -sf ../bin/busybox "root/usr/sbin/$command"; done
echo 'LABEL=lab-root / ext4 rw,noatime 0 1' >root/etc/fstab
echo localhost >root/etc/hostname
sed -i 's/^#*PasswordAuthentication .*/PasswordAuthentication no/' root/etc/ssh/sshd_config
# Host keys belong to each machine, not to the image; the rest is weight.
rm -rf root/etc/ssh/ssh_host_* root/etc/resolv.conf \
    root/etc/machine-id root/usr/lib/udev root/usr/share/perl5 root/var/cache/apt \
    root/var/lib/apt/lists root/var/log/*.log root/usr/lib/systemd
: >root/etc/machine-id

boot_mib=24 root_mib=480
mke2fs -q -t ext4 -L lab-root -E lazy_itable_init=1,nodiscard -J size=8 -d root root.ext4 ${root_mib}M
truncate -s $((1 + boot_mib + root_mib))M disk.raw
dd if=/usr/lib/syslinux/mbr/mbr.bin of=disk.raw bs=440 count=1 conv=notrunc status=none
printf '1MiB,%sMiB,0x0e,*\n%sMiB,,L\n' $boot_mib $((1 + boot_mib)) | sfdisk -q disk.raw
dd if=root.ext4 of=disk.raw bs=1M seek=$((1 + boot_mib)) conv=notrunc,sparse status=none
printf '%s\n' 'DEFAULT lab' 'PROMPT 0' 'TIMEOUT 1' 'LABEL lab' 'KERNEL vmlinuz' \
    'APPEND initrd=initrd.gz console=tty1 console=ttyS0,115200 quiet no_timer_check panic=5' >syslinux.cfg
mformat -i disk.raw@@1M -T $((boot_mib * 2048)) -v LAB ::
mcopy -i disk.raw@@1M "kernel/boot/vmlinuz-$version" ::vmlinuz
mcopy -i disk.raw@@1M initrd.gz syslinux.cfg ::
syslinux -t 1048576 -i disk.raw
qemu-img convert -c -O qcow2 disk.raw "$out.new"
mv "$out.new" "$out"
