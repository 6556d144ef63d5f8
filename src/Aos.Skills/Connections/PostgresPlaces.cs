using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Skills;

/// <summary>Where the settings of a connection lead.</summary>
internal static class PostgresPlaces
{
    private const int PortDefault = 5432;
    private const string TlsDefault = "verify-full";

    internal static (PostgresPlace? Place, Failure? Problem) Of(OpenConnection connection, IPostgresReach reach)
    {
        var settings = connection.Settings;
        if (settings.GetText("url") is { } url)
        {
            var (read, problem) = reach.Read(url);
            return (read, read is null ? FailureCatalog.Fail("CONFIG_INVALID", $"The secret of the URL: {problem}") : null);
        }

        var port = settings.Get("port") is { } number ? number.GetInt32() : PortDefault;
        return (new PostgresPlace(
            settings.GetText("host")!.Trim('[', ']'), port, settings.GetText("database")!, settings.GetText("user")!, settings.GetText("password")!,
            settings.GetText("sslmode") ?? TlsDefault), null);
    }
}
