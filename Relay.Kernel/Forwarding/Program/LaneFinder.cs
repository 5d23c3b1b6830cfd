using Microsoft.Win32.SafeHandles;
using NetDiscovery.Relay.Kernel.Ebpf;
using static NetDiscovery.Relay.Kernel.Ebpf.Condition;
using static NetDiscovery.Relay.Kernel.Ebpf.Register;

namespace NetDiscovery.Relay.Kernel.Forwarding.Program;

/// <summary>Finds the lane of a datagram and makes sure that it is open.</summary>
internal sealed class LaneFinder(ProgramContext context) : ProgramPart(context)
{
    // R7 = the lane.
    public void FindLane(IpHeader ip, bool toPeer)
    {
        code.MoveMap(R1, ip.IsV6 ? Maps.Keys6 : Maps.Keys4);
        code.Move(R2, Frame);
        code.AddTo(R2, AtKey);
        code.Call(Helper.MapLookup);
        code.JumpIf(Equal, R0, 0, pass);
        code.Load(Width.Word, R4, R0, 0);
        LookUp(Maps.Flows);
        code.Move(R7, R0);
        code.AddTo(R7, toPeer ? 0 : LaneLayout.Size);
        for (var at = 0; at < ip.KeySize; at += 8)
        {
            code.Load(Width.Double, R4, Frame, AtKey + at);
            code.Load(Width.Double, R5, R7, 16 + at);
            code.JumpIf(NotEqual, R4, R5, pass);
        }
    }

    // R4 = index, R0 = the entry.
    private void LookUp(SafeFileHandle array)
    {
        code.Store(Width.Word, Frame, AtIndex, R4);
        code.MoveMap(R1, array);
        code.Move(R2, Frame);
        code.AddTo(R2, AtIndex);
        code.Call(Helper.MapLookup);
        code.JumpIf(Equal, R0, 0, pass);
    }

    // R8 = the next hop, R9 = the new length in the UDP header.
    public void CheckLane(IpHeader ip, bool toPeer, TimeSpan visitEvery)
    {
        var fresh = new Label();
        code.Call(Helper.Time);
        code.Load(Width.Double, R4, R7, 0);
        code.JumpIf(BelowOrEqual, R4, R0, pass);
        code.Load(Width.Double, R4, R7, 8);
        code.JumpIf(Above, R4, R0, fresh);
        code.Move64(R4, (ulong)visitEvery.TotalMilliseconds * 1_000_000);
        code.AddTo(R0, R4);
        code.Store(Width.Double, R7, 8, R0);
        code.Jump(pass);
        code.Mark(fresh);

        code.Load(Width.Word, R4, R6, Layout.Interface);
        code.Load(Width.Word, R5, R7, 56);
        code.JumpIf(NotEqual, R4, R5, pass);

        code.Load(Width.Word, R4, R7, 60);
        LookUp(Maps.Hops);
        code.Move(R8, R0);
        code.Load(Width.Double, R4, R8, 0);
        code.Move(R5, R4);
        code.ShiftRight(R5, 63);
        code.JumpIf(Equal, R5, 0, pass);
        code.Store(Width.Double, Frame, AtNeighbour, R4);

        code.Load(Width.Double, R9, Frame, AtData);
        code.AddTo(R9, toPeer ? Udp : Udp + ChannelHeader);
        code.Move(R4, R9);
        code.AddTo(R4, ip.Size);
        code.Load(Width.Word, R5, R8, 20);
        code.JumpIf(Above, R4, R5, pass);

        // Closed, or so much not yet settled that the counter might overflow?
        code.Move(R4, R7);
        code.AddTo(R4, 128);
        if (toPeer)
        {
            code.Load(Width.Double, R5, Frame, AtPadding);
            code.JumpIf(Above, R5, LaneLayout.Words - 1, pass);
            code.ShiftLeft(R5, 3);
            code.AddTo(R4, R5);
        }

        code.Store(Width.Double, Frame, AtWord, R4);
        code.Load(Width.Double, R5, R4, 0);
        code.JumpIf(AnyBit, R5, (int)FlowCounts.Closed, pass);
        code.Load(Width.Double, R0, R4, LaneLayout.Words * 8);
        code.SubtractFrom(R5, R0);
        code.JumpIf(SignedBelow, R5, 0, pass);
    }
}
