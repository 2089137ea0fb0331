/**
 * Whether vendor and model (SMBIOS, or Apple's model identifier) name a virtual machine.
 *
 * It only ever makes identity more careful: a clone of a virtual machine keeps the serial and UUID of its
 * template, so those alone must not join two of them.
 */
export function isVirtual(vendor: string | undefined, model: string | undefined): boolean {
  if (model !== undefined && /^VirtualMac\d/i.test(model)) return true
  return hypervisors.test(`${vendor ?? ''} ${model ?? ''}`)
}

// Hyper-V and Apple's framework write ordinary company names as the vendor, so their models decide.
const hypervisors =
  /\b(?:vmware|virtualbox|innotek|parallels|qemu|kvm|xen|bochs|bhyve|openstack|proxmox|nutanix|utm|amazon ec2|google compute engine|digitalocean|droplet|apple virtualization|virtual machine|virtual platform)\b/i
