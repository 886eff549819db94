/** rtnetlink protocol number of our routes: what is not marked with it is not ours. Free in iproute2's rt_protos. */
export const ROUTE_PROTOCOL = 157;

/** Group of links that we create in the kernel; marks a link whose alias was not set yet. */
export const LINK_GROUP = 157;
