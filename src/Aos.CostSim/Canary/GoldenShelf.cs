using System.Data.Common;
using Aos.Contracts;
using Aos.Kernel;
using Dapper;

namespace Aos.CostSim;

/// <summary>The golden that a model is held to, and where it is from: <c>shipped</c>, <c>saved</c> or <c>none</c>.</summary>
internal sealed record GoldenPick(ICostModel Model, Golden? Golden, string Source)
{
    internal bool IsOfVersion => Golden?.Version == Model.Version;

    internal CanaryGolden Told => new(Model.Name, Model.Version, Golden?.Version, Source);
}

/// <summary>
/// Goldens: shipped ones, which nobody can change, and saved ones of versions that are not shipped. A model is held to the one of its version, else to the one of its name that was saved last,
/// else to the shipped one of its name.
/// </summary>
internal sealed class GoldenShelf(IDatabase database)
{
    internal static Migration Migration { get; } = new("costsim-canary", 2, "goldens", """
        CREATE TABLE costsim_canary_goldens (
          seq INTEGER PRIMARY KEY AUTOINCREMENT, model TEXT NOT NULL, version TEXT NOT NULL, at BIGINT NOT NULL, saved_by TEXT NOT NULL, body BLOB NOT NULL, UNIQUE (model, version)
        )
        """);

    internal async Task<GoldenPick> PickAsync(ICostModel model, CancellationToken cancel)
    {
        if (Golden.Shipped.FirstOrDefault(one => one.Model == model.Name && one.Version == model.Version) is { } shipped) return new GoldenPick(model, shipped, "shipped");
        if (await SavedAsync(model, cancel) is { } saved) return new GoldenPick(model, saved, "saved");
        return Golden.Shipped.LastOrDefault(one => one.Model == model.Name) is { } older ? new GoldenPick(model, older, "shipped") : new GoldenPick(model, null, "none");
    }

    /// <summary>False: the version is a shipped one, which stays as it is.</summary>
    internal async Task<bool> SaveAsync(Golden golden, string by, DateTimeOffset at, CancellationToken cancel)
    {
        if (Golden.Shipped.Any(one => one.Model == golden.Model && one.Version == golden.Version)) return false;
        var body = Payload.Pack(golden.Write(), compress: true);
        await database.ForHouse.WriteAsync(
            (connection, transaction) =>
            {
                database.Lock(connection, transaction, "costsim-canary-golden");
                // Saved again, it is the newest again.
                connection.Execute("DELETE FROM costsim_canary_goldens WHERE model = @Model AND version = @Version", new { golden.Model, golden.Version }, transaction);
                return connection.Execute(
                    "INSERT INTO costsim_canary_goldens (model, version, at, saved_by, body) VALUES (@Model, @Version, @at, @by, @body)",
                    new { golden.Model, golden.Version, at = at.UtcTicks, by, body }, transaction);
            },
            cancel);
        return true;
    }

    private Task<Golden?> SavedAsync(ICostModel model, CancellationToken cancel) => database.ForHouse.ReadAsync(
        async (connection, token) =>
        {
            await using var row = (DbDataReader)await connection.ExecuteReaderAsync(new CommandDefinition(
                "SELECT body FROM costsim_canary_goldens WHERE model = @Name ORDER BY CASE WHEN version = @Version THEN 0 ELSE 1 END, seq DESC LIMIT 1", new { model.Name, model.Version },
                cancellationToken: token));
            return await row.ReadAsync(token) ? Golden.Read(Payload.Unpack(row.GetFieldValue<byte[]>(0))) : null;
        },
        cancel);
}
