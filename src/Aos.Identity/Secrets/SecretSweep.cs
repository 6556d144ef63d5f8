using Aos.Contracts;
using Dapper;

namespace Aos.Identity;

/// <summary>Deletes values whose overlap is over: they are of no use any more, and what is not there cannot be stolen.</summary>
internal sealed class SecretSweep(IDatabase database, TimeProvider clock) : IChore
{
    public string Name => "secret-sweep";

    public TimeSpan Interval => TimeSpan.FromHours(1);

    public async Task<int> PassAsync(CancellationToken cancel)
    {
        var now = clock.GetUtcNow().UtcTicks;
        if (!await HasAnyAsync(now, cancel)) return 0;
        return await database.WriteAsync((connection, transaction) => connection.Execute("DELETE FROM secret_versions WHERE ends_at <= @now", new { now }, transaction), cancel);
    }

    /// <summary>Most passes find nothing: they cost one statement.</summary>
    private Task<bool> HasAnyAsync(long now, CancellationToken cancel) => database.ReadAsync(
        (connection, token) => connection.ExecuteScalarAsync<bool>(new CommandDefinition("SELECT EXISTS (SELECT 1 FROM secret_versions WHERE ends_at <= @now)", new { now }, cancellationToken: token)),
        cancel);
}
