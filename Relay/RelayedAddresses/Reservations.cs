using System.Security.Cryptography;
using NetDiscovery.Grains.Interfaces;
using NetDiscovery.Relay.Allocations;
using NetDiscovery.Relay.Protocol.Turn;

namespace NetDiscovery.Relay.RelayedAddresses;

/// <summary>Ports kept for a RESERVATION-TOKEN (RFC 8656 §7.2) for 30 s. Shared by all workers: the next Allocate may reach another one.</summary>
internal sealed class Reservations
{
    private readonly Dictionary<ulong, Reservation> byToken = [];
    private readonly Lock gate = new();

    /// <summary>Keeps a port.</summary>
    /// <param name="address">Where the port is.</param>
    /// <param name="port">Taken from the pool already.</param>
    /// <param name="tenant">Only this tenant's clients may use it.</param>
    /// <param name="wheel">The calling worker's wheel.</param>
    /// <returns>The token.</returns>
    public ulong Add(RelayedAddress address, ushort port, TenantId tenant, TimingWheel wheel)
    {
        var reservation = new Reservation(this, address, port, tenant);
        lock (gate)
        {
            do
            {
                reservation.Token = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(8));
            }
            while (!byToken.TryAdd(reservation.Token, reservation));
        }

        wheel.Schedule(reservation, wheel.Now + (TurnDefaults.ReservationSeconds * TimingWheel.TicksPerSecond));
        return reservation.Token;
    }

    /// <summary>Takes a port by its token; it works once.</summary>
    /// <returns>False when the token is unknown, used, expired, or another tenant's.</returns>
    public bool TryTake(ulong token, TenantId tenant, out RelayedAddress address, out ushort port)
    {
        lock (gate)
        {
            if (byToken.TryGetValue(token, out var found) && found.Tenant == tenant)
            {
                byToken.Remove(token);
                (address, port) = (found.Address, found.Port);
                return true;
            }
        }

        (address, port) = (null!, 0);
        return false;
    }

    private void Expire(Reservation reservation)
    {
        lock (gate)
        {
            if (!byToken.Remove(reservation.Token))
            {
                return;
            }
        }

        reservation.Address.Ports.Release(reservation.Port);
    }

    private sealed class Reservation(Reservations owner, RelayedAddress address, ushort port, TenantId tenant) : WheelTimer
    {
        public ulong Token { get; set; }

        public RelayedAddress Address => address;

        public ushort Port => port;

        public TenantId Tenant => tenant;

        internal override void OnDue(long now) => owner.Expire(this);
    }
}
