using System.Text;
using Aos.Contracts;
using Aos.Testing;

namespace Aos.Integration.Tests.Storage;

public sealed class LargeValues
{
    [Fact]
    public async Task An_event_of_ten_megabytes_is_kept_whole_and_holds_up_no_other()
    {
        await using var store = new StoreHouse();
        var noon = new DateTimeOffset(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);
        var large = store.Append(new RunId(Guid.CreateVersion7()), 0, 1, noon);
        var body = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(large.Entries[0].Body.Span).Replace("\"n\":1", $"\"n\":\"{new string('x', 10 * 1024 * 1024)}\"", StringComparison.Ordinal));
        large = large with { Entries = [large.Entries[0] with { Body = body, Chain = ChainHash.Next(ChainHash.Start, body) }] };

        var appends = new List<Task<AppendReply>> { store.Journal.AppendAsync(large, CancellationToken.None) };
        for (var i = 0; i < 200; i++) appends.Add(store.Journal.AppendAsync(store.Append(new RunId(Guid.CreateVersion7()), 0, 1, noon), CancellationToken.None));

        Assert.All(await Task.WhenAll(appends), reply => Assert.IsType<AppendReply.Appended>(reply));
        var read = Assert.Single(await store.Journal.ReadAsync(large.Row.Id, 0, 10, CancellationToken.None));
        Assert.True(read.Body.Span.SequenceEqual(body));
    }
}
