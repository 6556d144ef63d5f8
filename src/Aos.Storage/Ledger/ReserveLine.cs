using Aos.Contracts;

namespace Aos.Storage;

/// <summary>
/// Orders of this process on their way into the ledger. While one transaction is under way the others wait, and go together in the next one:
/// a balance that all of them want is held once for many.
/// </summary>
internal sealed class ReserveLine(IDatabase database) : IDisposable
{
    private const int OrdersMax = 64;
    private readonly SemaphoreSlim turn = new(1, 1);
    private readonly Lock gate = new();
    private readonly List<Ticket> waiting = [];

    public void Dispose() => turn.Dispose();

    internal async Task<ReserveReply> ReserveAsync(NodeId by, ReserveOrder order, CancellationToken cancel)
    {
        var mine = new Ticket(by, order);
        lock (gate) waiting.Add(mine);
        while (true)
        {
            await turn.WaitAsync(CancellationToken.None);
            try
            {
                if (mine.Writing is null) Serve(cancel);
                if (mine.Writing is not { } writing) continue; // So many were before it.
                return (await writing)[mine.At];
            }
            finally
            {
                turn.Release();
            }
        }
    }

    /// <summary>Begins the transaction for those of the first one's node. Whoever is in it hears what came of it, also that it failed.</summary>
    private void Serve(CancellationToken cancel)
    {
        List<Ticket> served;
        lock (gate)
        {
            served = [.. waiting.Where(ticket => ticket.By == waiting[0].By).Take(OrdersMax)];
            waiting.RemoveAll(served.Contains);
        }

        var writing = database.ForHouse.WriteAsync(
            (connection, transaction) => new Reserving(connection, transaction, database.Dialect).Write(served[0].By, [.. served.Select(ticket => ticket.Order)]), cancel);
        for (var i = 0; i < served.Count; i++) (served[i].Writing, served[i].At) = (writing, i);
    }

    /// <summary>One order, touched only by whoever has the turn.</summary>
    private sealed class Ticket(NodeId by, ReserveOrder order)
    {
        internal NodeId By { get; } = by;

        internal ReserveOrder Order { get; } = order;

        internal Task<IReadOnlyList<ReserveReply>>? Writing { get; set; }

        /// <summary>Place of its reply.</summary>
        internal int At { get; set; }
    }
}
