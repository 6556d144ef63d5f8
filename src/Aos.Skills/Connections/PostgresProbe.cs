using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Skills;

/// <summary>Connects to a PostgreSQL and asks it <c>select 1</c>.</summary>
internal sealed class PostgresProbe(IPostgresReach reach)
{
    private const int PortDefault = 5432;
    private const string TlsDefault = "verify-full";

    internal async Task<(Failure? Failure, IReadOnlyList<string> Checked)> TryAsync(OpenConnection connection, CancellationToken cancel)
    {
        var (place, problem) = Place(connection.Settings);
        if (place is null) return (FailureCatalog.Fail("CONFIG_INVALID", $"The secret of the URL: {problem}"), []);
        return await reach.TryAsync(place, cancel) is { } failure ? (failure, []) : (null, ["connect", "auth", "query"]);
    }

    private (PostgresPlace? Place, string? Problem) Place(JsonElement settings)
    {
        if (settings.GetText("url") is { } url) return reach.Read(url);
        var port = settings.Get("port") is { } number ? number.GetInt32() : PortDefault;
        return (new PostgresPlace(
            settings.GetText("host")!.Trim('[', ']'), port, settings.GetText("database")!, settings.GetText("user")!, settings.GetText("password")!,
            settings.GetText("sslmode") ?? TlsDefault), null);
    }
}
