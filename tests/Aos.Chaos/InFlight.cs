using Microsoft.Data.Sqlite;

namespace Aos.Chaos;

/// <summary>What a dead server left on disk, counted in a copy so that the evidence stays as it is.</summary>
internal static class InFlight
{
    /// <summary>Runs that were not over at the moment of the kill.</summary>
    internal static long Count(string data)
    {
        var copy = Directory.CreateTempSubdirectory("aos-chaos-copy-").FullName;
        try
        {
            foreach (var name in new[] { "aos.db", "aos.db-wal" })
            {
                if (File.Exists(Path.Combine(data, name))) File.Copy(Path.Combine(data, name), Path.Combine(copy, name));
            }

            using var connection = new SqliteConnection($"Data Source={Path.Combine(copy, "aos.db")};Pooling=False");
            connection.Open();
            using var count = connection.CreateCommand();
            count.CommandText = "SELECT count(*) FROM runs WHERE status NOT IN (6, 7, 8)";
            return (long)count.ExecuteScalar()!;
        }
        finally
        {
            Directory.Delete(copy, recursive: true);
        }
    }
}
