using System.IO.Compression;
using System.Text;
using System.Text.RegularExpressions;
using Aos.Contracts;
using Aos.Storage;

namespace Aos.Integration.Tests.Storage;

/// <summary>A file that is not as it was written, or not here, is told apart and named; the database decides nothing by it.</summary>
public sealed class ArchiveTampering
{
    private readonly CancellationToken cancel = TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_changed_byte_names_file_and_event()
    {
        await using var house = new ArchiveHouse();
        var run = await house.EndedAsync();
        await house.ArchiveAsync();
        var whole = await File.ReadAllBytesAsync(house.Files[0], cancel);
        var block = (await house.House.Get<ArchiveIndex>().FindAsync(run.Row.Id, cancel))!.Value.Row.Block;

        for (var at = 0; at < block.Bytes; at += 7)
        {
            whole[at] ^= 0x20;
            await File.WriteAllBytesAsync(house.Files[0], whole, cancel);

            var verdict = Assert.Single(await house.House.Get<IArchive>().VerifyAsync(cancel));
            Assert.Contains(verdict.File.Name, verdict.Reason, StringComparison.Ordinal);
            if (await ReadAsync(house, run) is { } found) Assert.Matches($"TAMPER_DETECTED: Event [1-3] of run {run.Row.Id} in the archive file {verdict.File.Name}", found);
            whole[at] ^= 0x20;
        }
    }

    [Theory]
    [InlineData("\"n\":2", "\"n\":7", 2)]
    [InlineData("\"seq\":3,\"kind\"", "\"seq\":4,\"kind\"", 3)]
    public async Task An_event_that_was_changed_with_care_is_named(string what, string by, int seq)
    {
        await using var house = new ArchiveHouse();
        var run = await house.EndedAsync();
        await house.ArchiveAsync();
        await RewriteAsync(house, text => text.Replace(what, by, StringComparison.Ordinal));

        var found = await ReadAsync(house, run);

        Assert.Contains($"Event {seq} of run {run.Row.Id}", found, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_is_not_here_is_looked_for_where_it_was_written()
    {
        await using var house = new ArchiveHouse();
        var run = await house.EndedAsync();
        await house.ArchiveAsync();
        File.Delete(house.Files[0]);

        var found = await ReadAsync(house, run);

        Assert.StartsWith("ARCHIVE_MISSING", found, StringComparison.Ordinal);
        Assert.Contains($"{Environment.MachineName}:{house.Folder}", found, StringComparison.Ordinal);
        Assert.NotNull((await house.RowAsync(run))!.ArchivedAt);
        Assert.False(Assert.Single(await house.House.Get<IArchive>().VerifyAsync(cancel)).IsHere);
    }

    [Theory]
    [Trait("id", "ATTACK-archive")]
    [InlineData("\"bytes\":[0-9]+", "\"bytes\":2000000000", "which no event has")]
    [InlineData("\\{\"seq\":2", "{ENDLESS\"seq\":2", "A line is too long")]
    public async Task A_file_that_unpacks_to_more_than_it_may_is_not_unpacked(string what, string by, string why)
    {
        await using var house = new ArchiveHouse();
        var run = await house.EndedAsync();
        await house.ArchiveAsync();
        await RewriteAsync(house, text => Regex.Replace(text, what, by.Replace("ENDLESS", new string(' ', 2 << 20), StringComparison.Ordinal), RegexOptions.None, TimeSpan.FromSeconds(10)));

        var found = await ReadAsync(house, run);

        Assert.StartsWith("TAMPER_DETECTED", found, StringComparison.Ordinal);
        Assert.Contains(why, found, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("id", "ATTACK-archive")]
    public async Task A_name_in_the_index_leads_nowhere_else()
    {
        await using var house = new ArchiveHouse();
        var run = await house.EndedAsync();
        await house.ArchiveAsync();
        house.House.Tamper("UPDATE archive_files SET name = '../../../etc/passwd'");

        await Assert.ThrowsAsync<IOException>(() => house.House.Journal.ReadAsync(run.Row.Id, 0, 10, cancel));
    }

    [Fact]
    public async Task Any_tool_reads_a_file()
    {
        await using var house = new ArchiveHouse();
        var runs = new List<JournalAppend>();
        for (var i = 0; i < 200; i++) runs.Add(await house.EndedAsync(ArchiveHouse.Noon.AddSeconds(i), events: 10));
        await house.ArchiveAsync();

        var lines = (await TextAsync(house)).Split('\n', StringSplitOptions.RemoveEmptyEntries);

        Assert.Equal((200 * 21) + 1, lines.Length);
        Assert.All(lines, line => Json.ParseWrapped(Encoding.UTF8.GetBytes(line)));
        var manifest = Json.Parse(lines[^1]).GetProperty("manifest");
        Assert.Equal((ArchiveWriter.Format, 200, 2_000), (manifest.GetText("format"), manifest.GetProperty("runs").GetInt32(), manifest.GetProperty("events").GetInt32()));
        Assert.True(manifest.GetProperty("blocks").GetArrayLength() > 1);
        foreach (var run in runs) await house.IsWholeAsync(run, isArchived: true);
        if (!OperatingSystem.IsWindows()) Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(house.Files[0]));
    }

    private async Task<string?> ReadAsync(ArchiveHouse house, JournalAppend run)
    {
        try
        {
            await house.House.Journal.ReadAsync(run.Row.Id, 0, 10, cancel);
            return null; // A bit that says nothing about the bytes, such as the time in the header.
        }
        catch (ArchiveUnreadableException e)
        {
            return $"{e.Failure.Code}: {e.Message}";
        }
    }

    private async Task<string> TextAsync(ArchiveHouse house)
    {
        await using var gzip = new GZipStream(File.OpenRead(house.Files[0]), CompressionMode.Decompress);
        using var reader = new StreamReader(gzip);
        return await reader.ReadToEndAsync(cancel);
    }

    /// <summary>Packs the file anew with another text, and has the index point at it.</summary>
    private async Task RewriteAsync(ArchiveHouse house, Func<string, string> change)
    {
        var text = change(await TextAsync(house));
        using var packed = new MemoryStream();
        await using (var gzip = new GZipStream(packed, CompressionLevel.Optimal, leaveOpen: true)) await gzip.WriteAsync(Encoding.UTF8.GetBytes(text), cancel);
        await File.WriteAllBytesAsync(house.Files[0], packed.ToArray(), cancel);
        house.House.Tamper($"UPDATE archived_runs SET block_at = 0, block_bytes = {packed.Length}");
    }
}
