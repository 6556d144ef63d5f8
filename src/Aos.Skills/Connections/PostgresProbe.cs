using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Skills;

/// <summary>Connects to a PostgreSQL and asks it <c>select 1</c>.</summary>
internal sealed class PostgresProbe(IPostgresReach reach)
{
    internal async Task<(Failure? Failure, IReadOnlyList<string> Checked)> TryAsync(OpenConnection connection, CancellationToken cancel)
    {
        var (place, problem) = PostgresPlaces.Of(connection, reach);
        if (place is null) return (problem, []);
        return await reach.TryAsync(place, cancel) is { } failure ? (failure, []) : (null, ["connect", "auth", "query"]);
    }
}
