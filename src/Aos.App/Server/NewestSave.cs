using System.Data.Common;
using System.Globalization;
using Aos.Contracts;

namespace Aos.App.Server;

/// <summary>When something of a run was stored last.</summary>
internal sealed class NewestSave(IRunLoad load, IDatabase database)
{
    /// <summary>Of the newest runs; there may be millions, and what is old seldom changes.</summary>
    private const string Sql = "SELECT max(updated_at) FROM (SELECT updated_at FROM runs ORDER BY id DESC LIMIT 1000) AS newest";

    /// <summary>By this node, else, when it has stored nothing since it started, by whichever did. Null: there are no runs, or the store does not answer.</summary>
    internal async Task<DateTimeOffset?> AtAsync(CancellationToken cancel)
    {
        if (load.SavedAt is { } here) return here;
        try
        {
            return await database.ForHouse.ReadAsync<DateTimeOffset?>(
                async (connection, token) =>
                {
                    await using var read = connection.CreateCommand();
                    read.CommandText = Sql;
                    return await read.ExecuteScalarAsync(token) is { } at and not DBNull ? new DateTimeOffset(Convert.ToInt64(at, CultureInfo.InvariantCulture), TimeSpan.Zero) : null;
                },
                cancel);
        }
        catch (Exception e) when (e is JournalUnavailableException or DbException)
        {
            return null;
        }
    }
}
