using Aos.Contracts;
using Aos.Kernel;
using Microsoft.Data.Sqlite;

namespace Aos.Campaigns;

/// <summary>What a disk does to the embedded store: a write that is torn in its middle, and no room left. The whole product runs on it.</summary>
internal static class DiskFaults
{
    private const string Plan = """
        {"name":"disk","steps":[{"id":"a","skill":"kv_set","params":{"key":"disk","value":1}},{"id":"b","sleep":"20ms"},{"id":"c","skill":"json_transform","params":{"data":[1,2,3],"query":"add"}},
          {"id":"d","for_each":[1,2,3,4],"as":"it","skill":"kv_set","params":{"key":"disk-${{ it }}","value":"${{ it }}"}},{"id":"e","sleep":"400ms"},{"id":"f","skill":"kv_get","params":{"key":"disk-3"}}]}
        """;

    private static readonly TimeSpan RunMax = TimeSpan.FromSeconds(60);

    /// <summary>
    /// The store's files as a power cut leaves them: the newest commit of the log is torn somewhere within its last page. What was written
    /// before it is there, and runs go on from it.
    /// </summary>
    internal static async Task<FaultCount> TornAsync(int cuts, int runs)
    {
        var (wrong, ended, lost) = (new List<string>(), 0, 0);
        for (var cut = 0; cut < cuts; cut++)
        {
            var folder = Directory.CreateTempSubdirectory("aos-torn-");
            string root;
            List<RunId> started;
            await using (var product = await Product.OpenAsync())
            {
                root = (await EndAsync(product, await StartAsync(product))).End!.RootHash;
                started = [.. await Task.WhenAll(Enumerable.Range(0, runs).Select(_ => StartAsync(product)))];
                foreach (var run in started) await UnderWayAsync(product, run);
                var torn = 1 + (cut * 997 % 4_000);
                await product.Get<IDatabase>().ForHouse.WriteAsync((_, _) => Copy(product.Data, folder.FullName, torn), CancellationToken.None); // Nobody else writes meanwhile.
            }

            await using var next = await Product.OpenAsync(data: folder.FullName);
            foreach (var run in started)
            {
                if (await next.Get<IRuns>().ReadAsync(Product.Caller, run, CancellationToken.None) is null) lost++;
                else if (Differs(await EndAsync(next, run), root) is { } difference) wrong.Add($"cut {cut}: {run} {difference}");
                else if (await next.Get<ITraces>().VerifyAsync(Product.Caller, run, CancellationToken.None) is not { Ok: true }) wrong.Add($"cut {cut}: {run} does not replay");
                else ended++;
            }

            folder.Delete(recursive: true);
        }

        if (lost > 0) wrong.Add($"{lost} runs are gone");
        return new FaultCount("write torn", cuts * runs, ended, 0, cuts, 0, wrong);
    }

    /// <summary>No room for another page: starts are refused until there is, what was begun waits, and nothing is lost.</summary>
    internal static async Task<FaultCount> FullAsync(int runs)
    {
        await using var product = await Product.OpenAsync();
        var root = (await EndAsync(product, await StartAsync(product))).End!.RootHash;
        var writer = default(SqliteConnection)!;
        await product.Get<IDatabase>().ForHouse.WriteAsync((connection, _) => writer = (SqliteConnection)connection, CancellationToken.None);
        await product.Get<IDatabase>().ForHouse.WriteAsync((connection, _) => Pages((SqliteConnection)connection, 1), CancellationToken.None); // Never below what it has.
        var (refused, first) = (0, new TaskCompletionSource());
        var starting = new List<Task<RunId>>();
        for (var wave = 0; wave < 60 && !first.Task.IsCompleted; wave++)
        {
            // What fits into half-empty pages is taken, and what waits for the first batch is not refused: the starts after that are.
            var more = Enumerable.Range(0, runs).Select(_ => Task.Run(InsistAsync)).ToList();
            starting.AddRange(more);
            await Task.WhenAny(first.Task, Task.WhenAll(more).WaitAsync(TimeSpan.FromSeconds(1)));
        }

        Pages(writer, 10_000_000);
        var (ended, wrong) = (0, new List<string>());
        foreach (var start in starting)
        {
            if (Differs(await EndAsync(product, await start.WaitAsync(RunMax)), root) is { } difference) wrong.Add(difference);
            else ended++;
        }

        if (refused == 0) wrong.Add("nothing was refused");
        return new FaultCount("disk full", starting.Count, ended, 0, 0, 0, wrong);

        async Task<RunId> InsistAsync()
        {
            while (true)
            {
                try
                {
                    return await StartAsync(product);
                }
                catch (JournalUnavailableException)
                {
                    Interlocked.Increment(ref refused);
                    first.TrySetResult();
                    await first.Task;
                    await Task.Yield();
                }
            }
        }
    }

    private static async Task<RunId> StartAsync(Product product) =>
        await product.Get<IRuns>().StartAsync(Product.Caller, new StartRequest("campaign", product.Read(Json.Parse(Plan)), Json.EmptyObject, 42), CancellationToken.None) is StartReply.Started(var run)
            ? run : throw new InvalidOperationException("The run was not started.");

    /// <summary>Its first steps are on record, by commits that others followed.</summary>
    private static async Task UnderWayAsync(Product product, RunId run)
    {
        await foreach (var entry in product.Get<IRuns>().FollowAsync(Product.Caller, run, 0, CancellationToken.None))
        {
            if (entry.Seq >= 6) return;
        }
    }

    private static async Task<RunState> EndAsync(Product product, RunId run) => (await product.Get<IRuns>().WaitAsync(Product.Caller, run, RunMax, CancellationToken.None))!;

    private static string? Differs(RunState state, string root) =>
        state.Status != RunStatus.Succeeded ? $"is {state.Status.Wire()}: {state.End?.Failure?.Message}" : state.End!.RootHash != root ? "has another root hash" : null;

    private static bool Copy(string from, string to, int torn)
    {
        foreach (var file in Directory.EnumerateFiles(from).Where(file => Path.GetFileName(file) is "aos.db" or "aos.db-wal" || file.EndsWith(".key", StringComparison.Ordinal)))
        {
            using var read = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            using var write = File.Create(Path.Combine(to, Path.GetFileName(file)));
            read.CopyTo(write);
            if (file.EndsWith("-wal", StringComparison.Ordinal) && write.Length > 8_192) write.SetLength(write.Length - torn);
        }

        return true;
    }

    private static bool Pages(SqliteConnection connection, long most)
    {
        using var command = connection.CreateCommand();
        command.CommandText = $"PRAGMA max_page_count = {most}";
        command.ExecuteScalar();
        return true;
    }
}
