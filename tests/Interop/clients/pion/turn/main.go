// Allocates with pion's TURN client and exchanges datagrams with an echo peer, over UDP, TCP, TLS or DTLS.
//
//	turn TRANSPORT HOST:PORT USERNAME CREDENTIAL PEER:PORT MESSAGES
//
// The environment's SSL_CERT_FILE names the authority that TLS and DTLS trust.
package main

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"net"
	"os"
	"strconv"
	"time"

	"github.com/pion/dtls/v2"
	"github.com/pion/logging"
	"github.com/pion/transport/stdnet"
	"github.com/pion/turn/v2"
)

// anyFamily lets the client reach a server by IPv6: by itself it resolves names to IPv4 only.
type anyFamily struct{ *stdnet.Net }

func (n anyFamily) ResolveUDPAddr(_, address string) (*net.UDPAddr, error) {
	return n.Net.ResolveUDPAddr("udp", address)
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string) error {
	messages, err := strconv.Atoi(args[5])
	if err != nil {
		return err
	}
	peer, err := net.ResolveUDPAddr("udp", args[4])
	if err != nil {
		return err
	}
	conn, err := dial(args[0], args[1])
	if err != nil {
		return fmt.Errorf("connecting: %w", err)
	}
	defer conn.Close()
	network, err := stdnet.NewNet()
	if err != nil {
		return err
	}
	client, err := turn.NewClient(&turn.ClientConfig{
		STUNServerAddr: args[1], TURNServerAddr: args[1], Conn: conn, Username: args[2], Password: args[3],
		LoggerFactory: logging.NewDefaultLoggerFactory(), Net: anyFamily{network},
	})
	if err != nil {
		return err
	}
	defer client.Close()
	if err = client.Listen(); err != nil {
		return err
	}
	if _, err = client.SendBindingRequest(); err != nil {
		return fmt.Errorf("Binding: %w", err)
	}
	relayed, err := client.Allocate()
	if err != nil {
		return fmt.Errorf("allocating: %w", err)
	}
	defer relayed.Close()
	return exchange(relayed, peer, messages)
}

func dial(transport, server string) (net.PacketConn, error) {
	host, _, err := net.SplitHostPort(server)
	if err != nil {
		return nil, err
	}
	switch transport {
	case "udp":
		return net.ListenPacket("udp", "[::]:0")
	case "tcp":
		return stream(net.Dial("tcp", server))
	case "tls":
		return stream(tls.Dial("tcp", server, &tls.Config{ServerName: host}))
	default:
		address, err := net.ResolveUDPAddr("udp", server)
		if err != nil {
			return nil, err
		}
		return stream(dtls.Dial("udp", address, &dtls.Config{ServerName: host}))
	}
}

func stream[T net.Conn](conn T, err error) (net.PacketConn, error) {
	if err != nil {
		return nil, err
	}
	return turn.NewSTUNConn(conn), nil
}

func exchange(relayed net.PacketConn, peer net.Addr, messages int) error {
	buffer := make([]byte, 2000)
	for i := 0; i < messages; i++ {
		message := bytes.Repeat([]byte{byte(i)}, 500)
		if _, err := relayed.WriteTo(message, peer); err != nil {
			return fmt.Errorf("sending: %w", err)
		}
		if err := relayed.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
			return err
		}
		n, from, err := relayed.ReadFrom(buffer)
		if err != nil {
			return fmt.Errorf("message %d did not come back: %w", i, err)
		}
		if !bytes.Equal(buffer[:n], message) || from.String() != peer.String() {
			return fmt.Errorf("message %d came back as %d bytes from %v", i, n, from)
		}
	}
	return nil
}
