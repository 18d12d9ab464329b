// SPDX-License-Identifier: MIT
// chat_application: a chat hub answered by a Node web application: node chat_application.mjs [PORT] [ACCESS KEY]
// The hub's section says where it is: upstream = http://127.0.0.1:3000/hubs/{hub}/{event}
import crypto from 'node:crypto';
import http from 'node:http';

const [port = '3000', key] = process.argv.slice(2);
const everybody = (target, ...args) => ({ target, arguments: args });
const group = (groupName, target, ...args) => ({ target, arguments: args, groupName });

/** What the hub does: each returns a reply, see UPSTREAM.md. */
const hub = {
    connected: ({ user }) => user === 'nobody' ? null : { actions: [everybody('arrived', user)] },
    disconnected: ({ user }) => ({ actions: [everybody('left', user)] }),
    Send: (caller, name, text) => ({ actions: [everybody('broadcastMessage', name, text)] }),
    Join: ({ user }, room) => ({
        actions: [{ action: 'add', groupName: room }, group(room, 'broadcastMessage', room, `${user} is here`)],
        state: { room }, result: `welcome to ${room}`,
    }),
    Say: ({ state, user }, text) => state.room
        ? { actions: [group(state.room, 'broadcastMessage', user, text)] }
        : { error: 'Join a room first.', errorData: { code: 1 } },
};

function isSigned(headers) {
    const expected = `sha256=${crypto.createHmac('sha256', key).update(headers['x-asrs-connection-id']).digest('hex')}`;
    return (headers['x-asrs-signature'] ?? '').split(',').includes(expected);
}

function answer({ headers }, body) {
    const method = Object.hasOwn(hub, headers['x-asrs-event']) ? hub[headers['x-asrs-event']] : null;
    const caller = { id: headers['x-asrs-connection-id'], user: headers['x-asrs-user-id'] ?? 'anonymous', state: body.state ?? {} };
    if (key && !isSigned(headers)) {
        return [401];
    }
    if (!method) {
        return [404];
    }
    const reply = method(caller, ...(body.arguments ?? []));
    return reply ? [200, reply] : [403];
}

const server = http.createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) {
        chunks.push(chunk);
    }
    const [status, reply = {}] = answer(request, JSON.parse(Buffer.concat(chunks)));
    response.writeHead(status, { 'Content-Type': 'application/hubplane+json' });
    response.end(JSON.stringify(reply));
});
server.listen(Number(port), '127.0.0.1', () => console.log(`listening on ${server.address().port}`));
