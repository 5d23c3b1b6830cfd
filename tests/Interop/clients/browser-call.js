// Runs in a page: two peer connections call each other with iceTransportPolicy "relay" and exchange data-channel messages both ways.
// Returns what happened; throws with the browser's own ICE errors when it did not work.
async ({ url, username, credential, messages }) => {
  const iceServers = [{ urls: [url], username, credential }];
  const [a, b] = [0, 1].map(() => new RTCPeerConnection({ iceServers, iceTransportPolicy: 'relay' }));
  const errors = [];
  for (const pc of [a, b]) pc.onicecandidateerror = (event) => errors.push(`${event.url} ${event.errorCode} ${event.errorText}`);
  a.onicecandidate = ({ candidate }) => candidate && b.addIceCandidate(candidate);
  b.onicecandidate = ({ candidate }) => candidate && a.addIceCandidate(candidate);
  const echoes = [];
  const done = new Promise((resolve, reject) => {
    setTimeout(() => reject(new Error(`only ${echoes.length} echoes; connection ${a.connectionState}, ${errors.join(' | ')}`)), 40000);
    b.ondatachannel = ({ channel }) => { channel.onmessage = ({ data }) => channel.send(`echo ${data}`); };
    const channel = a.createDataChannel('check');
    channel.onopen = () => { for (let i = 0; i < messages; i++) channel.send(`message ${i}`); };
    channel.onmessage = ({ data }) => echoes.push(data) === messages && resolve();
  });
  await a.setLocalDescription(await a.createOffer());
  await b.setRemoteDescription(a.localDescription);
  await b.setLocalDescription(await b.createAnswer());
  await a.setRemoteDescription(b.localDescription);
  await done;
  const stats = [...(await a.getStats()).values()];
  const pair = stats.find((entry) => entry.type === 'candidate-pair' && entry.nominated && entry.state === 'succeeded');
  const local = stats.find((entry) => entry.id === pair?.localCandidateId);
  a.close();
  b.close();
  return { echoes, candidateType: local?.candidateType };
}
