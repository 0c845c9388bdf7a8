/** Whether a host name always means this machine, so that no page elsewhere can have it as its own name. */
export function isLoopbackName(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host);
}
