// Begins the page's connection. Over a WebSocket at once, without asking first how to: behind a load balancer the question and the connection
// could meet two gateways.
const webSockets = 1

Blazor.start({ circuit: { configureSignalR: (connection) => connection.withUrl("/_blazor", { skipNegotiation: true, transport: webSockets }) } })
