// SPDX-License-Identifier: MIT
// bench_peers: the alternatives, under the same load in the same run.

/** Adds to the `peers` of ${results}. Returns a sentence for each alternative that could not be measured. */
export async function measurePeers() {
    return ['Socket.IO, ws, nchan, ASP.NET Core SignalR: not measured here yet.'];
}
