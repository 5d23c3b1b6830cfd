"""Peers that send every datagram back and count: the truth that clients and the platform's usage are compared with."""

import socket
import threading


class EchoPeer:
    """Echoes on one port, or on an even port and the next (RTP and RTCP)."""

    def __init__(self, address, ports=1):
        self.address, self._ended = address, False
        self.bytes_received = self.bytes_sent = self.packets_received = self.packets_sent = 0
        self._lock = threading.Lock()
        self._sockets = self._bind(ports)
        self.port = self._sockets[0].getsockname()[1]
        self._threads = [threading.Thread(target=self._echo, args=(one,), daemon=True) for one in self._sockets]
        for thread in self._threads:
            thread.start()

    @property
    def counts(self):
        """(bytes received, bytes sent, datagrams received, datagrams sent), in the order of the platform's usage."""
        with self._lock:
            return self.bytes_received, self.bytes_sent, self.packets_received, self.packets_sent

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._ended = True
        for thread in self._threads:
            thread.join()
        for one in self._sockets:
            one.close()

    def _bind(self, count):
        while True:
            sockets = [_Socket(self.address)]
            try:
                port = sockets[0].bind_to(0)
                if count > 1 and port % 2:
                    raise OSError("odd")
                for offset in range(1, count):
                    sockets.append(_Socket(self.address))
                    sockets[-1].bind_to(port + offset)
                return sockets
            except OSError:
                for one in sockets:
                    one.close()

    def _echo(self, one):
        while not self._ended:
            try:
                data, source = one.recvfrom(65536)
            except TimeoutError:
                continue
            with self._lock:
                self.bytes_received += len(data)
                self.packets_received += 1
            one.sendto(data, source)
            with self._lock:
                self.bytes_sent += len(data)
                self.packets_sent += 1


class _Socket(socket.socket):
    def __init__(self, address):
        super().__init__(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
        self.address = address
        self.settimeout(0.3)
        self.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)

    def bind_to(self, port):
        self.bind((self.address, port))
        return self.getsockname()[1]
