// Two werift peer connections exchange data-channel messages over relayed candidates only.
// Standard input: {"url", "username", "credential", "messages"}. Exit code 0: all arrived.
import { RTCPeerConnection } from 'werift';
import { text } from 'node:stream/consumers';

const setting = JSON.parse(await text(process.stdin));
const configuration = {
  iceServers: [{ urls: setting.url, username: setting.username, credential: setting.credential }],
  iceTransportPolicy: 'relay',
  iceUseIpv6: false,
};
const [a, b] = [new RTCPeerConnection(configuration), new RTCPeerConnection(configuration)];
const echoes = [];
const done = new Promise((resolve, reject) => {
  setTimeout(() => reject(new Error(`only ${echoes.length} echoes; a is ${a.connectionState}, b is ${b.connectionState}`)), 40_000);
  b.onDataChannel.subscribe((channel) => channel.onMessage.subscribe((message) => channel.send(`echo ${message}`)));
  const channel = a.createDataChannel('check');
  channel.stateChanged.subscribe((state) => {
    if (state !== 'open') return;
    for (let i = 0; i < setting.messages; i++) channel.send(`message ${i}`);
  });
  channel.onMessage.subscribe((message) => {
    echoes.push(String(message));
    if (echoes.length === setting.messages) resolve();
  });
});

let code = 0;
try {
  await a.setLocalDescription(await a.createOffer());
  await b.setRemoteDescription(a.localDescription);
  await b.setLocalDescription(await b.createAnswer());
  await a.setRemoteDescription(b.localDescription);
  const candidates = [a, b].flatMap((pc) => pc.localDescription.sdp.split('\n').filter((line) => line.startsWith('a=candidate:')));
  if (candidates.length === 0 || candidates.some((line) => !line.includes(' typ relay'))) throw new Error(`candidates gathered: ${candidates}`);
  await done;
  if (echoes.some((echo, i) => echo !== `echo message ${i}`)) throw new Error(`echoes: ${echoes}`);
} catch (error) {
  console.error(String(error));
  code = 1;
}

await Promise.allSettled([a.close(), b.close()]);
process.exit(code);
