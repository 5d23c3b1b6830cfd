// Two peer connections of pion exchange data-channel messages over relayed candidates only.
// Standard input: {"url", "username", "credential", "messages"}. Exit code 0: all arrived.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/pion/webrtc"
)

type setting struct {
	URL, Username, Credential string
	Messages                  int
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	var s setting
	if err := json.NewDecoder(os.Stdin).Decode(&s); err != nil {
		return err
	}
	configuration := webrtc.Configuration{
		ICEServers:         []webrtc.ICEServer{{URLs: []string{s.URL}, Username: s.Username, Credential: s.Credential}},
		ICETransportPolicy: webrtc.ICETransportPolicyRelay,
	}
	a, err := webrtc.NewPeerConnection(configuration)
	if err != nil {
		return err
	}
	defer a.Close()
	b, err := webrtc.NewPeerConnection(configuration)
	if err != nil {
		return err
	}
	defer b.Close()

	b.OnDataChannel(func(channel *webrtc.DataChannel) {
		channel.OnMessage(func(message webrtc.DataChannelMessage) { channel.SendText("echo " + string(message.Data)) })
	})
	channel, err := a.CreateDataChannel("check", nil)
	if err != nil {
		return err
	}
	echoes := make(chan string, s.Messages)
	channel.OnOpen(func() {
		for i := 0; i < s.Messages; i++ {
			channel.SendText(fmt.Sprintf("message %d", i))
		}
	})
	channel.OnMessage(func(message webrtc.DataChannelMessage) { echoes <- string(message.Data) })
	if err = connect(a, b); err != nil {
		return err
	}
	limit := time.After(40 * time.Second)
	for i := 0; i < s.Messages; i++ {
		select {
		case echo := <-echoes:
			if echo != fmt.Sprintf("echo message %d", i) {
				return fmt.Errorf("echo %d is %q", i, echo)
			}
		case <-limit:
			return fmt.Errorf("only %d echoes; a is %v, b is %v", i, a.ConnectionState(), b.ConnectionState())
		}
	}
	pair, err := a.SCTP().Transport().ICETransport().GetSelectedCandidatePair()
	if err != nil {
		return err
	}
	if pair.Local.Typ != webrtc.ICECandidateTypeRelay || pair.Remote.Typ != webrtc.ICECandidateTypeRelay {
		return fmt.Errorf("path: %v", pair)
	}
	return nil
}

func connect(a, b *webrtc.PeerConnection) error {
	offer, err := a.CreateOffer(nil)
	if err != nil {
		return err
	}
	if err = gather(a, offer); err != nil {
		return err
	}
	if err = b.SetRemoteDescription(*a.LocalDescription()); err != nil {
		return err
	}
	answer, err := b.CreateAnswer(nil)
	if err != nil {
		return err
	}
	if err = gather(b, answer); err != nil {
		return err
	}
	return a.SetRemoteDescription(*b.LocalDescription())
}

func gather(connection *webrtc.PeerConnection, description webrtc.SessionDescription) error {
	complete := webrtc.GatheringCompletePromise(connection)
	if err := connection.SetLocalDescription(description); err != nil {
		return err
	}
	<-complete
	return nil
}
