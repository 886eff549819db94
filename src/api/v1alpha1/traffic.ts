/** Whether peers appear with the address of the node in the networks behind a gateway. */
export const Masquerade = { Enabled: 'Enabled', Disabled: 'Disabled' } as const;
export type Masquerade = (typeof Masquerade)[keyof typeof Masquerade];

/** Whether the peers of a gateway reach the addresses of each other. */
export const PeerTraffic = { Isolated: 'Isolated', Open: 'Open' } as const;
export type PeerTraffic = (typeof PeerTraffic)[keyof typeof PeerTraffic];
