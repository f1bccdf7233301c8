// Node parses the certificates that NODE_EXTRA_CA_CERTS names whenever it starts, which may take longer than all else that it
// does then. Tests start it thousands of times, and only npm connects to anything: what loads this module starts others without.
const { NODE_EXTRA_CA_CERTS, FMMAP_CA_CERTS = NODE_EXTRA_CA_CERTS } = process.env;
delete process.env.NODE_EXTRA_CA_CERTS;
if (FMMAP_CA_CERTS) process.env.FMMAP_CA_CERTS = FMMAP_CA_CERTS; // for whoever starts npm there

/** The environment of a program that connects to npm's registry. */
export const connected = () =>
  FMMAP_CA_CERTS ? { ...process.env, NODE_EXTRA_CA_CERTS: FMMAP_CA_CERTS } : process.env;
