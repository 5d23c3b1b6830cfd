// Two node-datachannel (libdatachannel) peer connections exchange messages; each is told of the other's relayed candidates only.
// libjuice below still checks from its own socket: where direct paths work it takes one, else one end of the path may be that socket and the other a relayed address.
// Standard input: {"host", "port", "transport", "username", "credential", "messages"}. Exit code 0: all arrived.
import nodeDataChannel from 'node-datachannel';
import { text } from 'node:stream/consumers';

const setting = JSON.parse(await text(process.stdin));
const iceServers = [{
  hostname: setting.host, port: setting.port, username: setting.username, password: setting.credential,
  relayType: { udp: 'TurnUdp', tcp: 'TurnTcp', tls: 'TurnTls' }[setting.transport],
}];
const [a, b] = ['a', 'b'].map((name) => new nodeDataChannel.PeerConnection(name, { iceServers, iceTransportPolicy: 'relay' }));
const relayed = new Set();
for (const [local, remote] of [[a, b], [b, a]]) {
  local.onLocalDescription((sdp, type) => remote.setRemoteDescription(sdp, type));
  local.onLocalCandidate((candidate, mid) => {
    const [, , , , , port, , type] = candidate.split(' ');
    if (type === 'relay') relayed.add(Number(port));
    remote.addRemoteCandidate(candidate, mid);
  });
}

const echoes = [];
const done = new Promise((resolve, reject) => {
  setTimeout(() => reject(new Error(`only ${echoes.length} echoes; a is ${a.state()}, b is ${b.state()}`)), 40_000);
  b.onDataChannel((channel) => channel.onMessage((message) => channel.sendMessage(`echo ${message}`)));
  const channel = a.createDataChannel('check');
  channel.onOpen(() => {
    for (let i = 0; i < setting.messages; i++) channel.sendMessage(`message ${i}`);
  });
  channel.onMessage((message) => {
    echoes.push(message);
    if (echoes.length === setting.messages) resolve();
  });
});

let code = 0;
try {
  await done;
  if (echoes.some((echo, i) => echo !== `echo message ${i}`)) throw new Error(`echoes: ${echoes}`);
  const pair = a.getSelectedCandidatePair();
  if (!relayed.has(pair?.local.port) && !relayed.has(pair?.remote.port)) throw new Error(`path: ${JSON.stringify(pair)}`);
} catch (error) {
  console.error(String(error));
  code = 1;
}

a.close();
b.close();
nodeDataChannel.cleanup();
process.exit(code);
