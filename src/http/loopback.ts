/** Whether a host name can only mean this machine: what a page elsewhere cannot have its own name resolve to. */
export function isLoopbackName(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host);
}
