using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Testing;

/// <summary>The checks in which two nodes want the same at once, and those of mail.</summary>
public sealed partial class ClusterConformance
{
    private async Task ParksAgainstSendsAsync()
    {
        for (var round = 0; round < Rounds; round++)
        {
            var run = await StartAsync(first);
            var parking = first.Journal.AppendAsync(Park(Of(first.Node, run, 1, 1), null), cancel);
            var sending = second.Journal.SendAsync(Mail(run, "a"), cancel);
            Expect(await sending, "the mail was not taken");
            var reply = await parking;
            if (reply is AppendReply.HasMail)
            {
                Expect((await second.Rows.GetAsync(TenantId.Default, run, cancel))?.Owner == first.Node, "a refused park freed the run");
                continue;
            }

            Expect(reply is AppendReply.Appended, $"a park was answered with {reply}");
            Expect((await second.Rows.ClaimDueAsync(second.Node, Now, 9, cancel)).Any(row => row.Id == run), "a parked run with unread mail is not due");
        }
    }

    private async Task ClaimsAgainstClaimsAsync()
    {
        for (var round = 0; round < Rounds; round++)
        {
            var run = await ParkAsync(first, null);
            var claims = await Task.WhenAll(first.Rows.ClaimAsync(first.Node, run, Taking.Drive, cancel), second.Rows.ClaimAsync(second.Node, run, Taking.Drive, cancel));
            Expect(claims.Count(row => row is not null) == 1, "not one claim won");
            var winner = claims[0] is null ? second : first;
            var loser = claims[0] is null ? first : second;
            Expect((await loser.Rows.GetAsync(TenantId.Default, run, cancel))?.Owner == winner.Node, "the loser does not see the winner");
            Expect(await loser.Journal.AppendAsync(Of(loser.Node, run, 1, 1), cancel) is AppendReply.Fenced { WholeNode: false }, "the loser wrote");
        }
    }

    private async Task SharesDueAsync()
    {
        var runs = new List<RunId>();
        for (var i = 0; i < 40; i++) runs.Add(await ParkAsync(i % 2 == 0 ? first : second, Now));
        var claimed = await Task.WhenAll(Enumerable.Range(0, 10).Select(i => i % 2 == 0 ? first : second).Select(side => side.Rows.ClaimDueAsync(side.Node, Now, 7, cancel)));
        var rest = await first.Rows.ClaimDueAsync(first.Node, Now, 99, cancel);
        Expect(claimed.SelectMany(rows => rows).Concat(rest).Select(row => row.Id).Order().SequenceEqual(runs.Order()), "the due runs were not claimed once each");
    }

    private async Task StartsAgainstStartsAsync()
    {
        for (var round = 0; round < Rounds; round++)
        {
            var (one, two) = (New(), New());
            var claim = new IdempotencyClaim(TenantId.Default, "runs", $"k{round}", [1], Now.AddHours(1));
            var replies = await Task.WhenAll(
                first.Journal.AppendAsync(Of(first.Node, one, 0, 1) with { Claim = claim }, cancel), second.Journal.AppendAsync(Of(second.Node, two, 0, 1) with { Claim = claim }, cancel));
            var winner = replies[0] is AppendReply.Appended ? one : two;
            Expect(replies.Count(reply => reply is AppendReply.Appended) == 1, "not one start won");
            Expect(replies.Contains(new AppendReply.KeyTaken(winner, true)), "the loser was not told the winner");
            Expect(await first.Rows.GetAsync(TenantId.Default, winner == one ? two : one, cancel) is null, "the loser's run exists");
            Expect((await second.Rows.FindKeyAsync(TenantId.Default, "runs", $"k{round}", Now, cancel))?.Run == winner, "the key is not the winner's");
        }
    }

    private async Task CreatesAgainstCreatesAsync()
    {
        for (var round = 0; round < Rounds; round++)
        {
            var run = New();
            var replies = await Task.WhenAll(
                first.Journal.AppendAsync(Of(first.Node, run, 0, 1), cancel), second.Journal.AppendAsync(Of(second.Node, run, 0, 2), cancel));
            Expect(replies.Count(reply => reply is AppendReply.Appended) == 1 && replies.Count(reply => reply is AppendReply.AlreadyExists) == 1, "a run was not created once");
            var stored = await first.Journal.ReadAsync(run, 0, 9, cancel);
            Expect(stored.Count == (replies[0] is AppendReply.Appended ? 1 : 2), "the events are not the winner's alone");
        }
    }

    private async Task TellsOfMailAsync()
    {
        var run = await StartAsync(first);
        var told = new HashSet<RunId>();
        void Note(Pulse pulse)
        {
            lock (told) told.UnionWith(pulse.Mail);
        }

        first.Cluster.Pulsed += Note;
        await second.Journal.SendAsync(Mail(run, "a"), cancel);
        await beat();
        lock (told) Expect(told.SetEquals([run]), "the owner was not told of the mail");
        var read = Of(first.Node, run, 1, 1);
        await WriteAsync(first, read with { Answers = [new InboxAnswer(1, new byte[] { 7 })], Row = read.Row with { InboxRead = 1 } });
        Expect((await second.Journal.AnswerAsync(run, "a", cancel))?.Body.ToArray() is [7], "the sender does not see the answer");
        await beat(); // One that was under way may still have seen it as unread.
        lock (told) told.Clear();
        await beat();
        lock (told) Expect(told.Count == 0, "the owner was told of mail that it has read");
        first.Cluster.Pulsed -= Note;
    }

    private async Task FindsOwnAsync()
    {
        var runs = new List<RunId>();
        for (var i = 0; i < 5; i++) runs.Add(await StartAsync(first));
        await StartAsync(second);
        await ParkAsync(first, null);
        runs.Sort();
        var page = await second.Rows.OwnedAsync(first.Node, null, 3, cancel);
        Expect(page.Select(row => row.Id).SequenceEqual(runs.Take(3)), "the first page is another");
        Expect((await second.Rows.OwnedAsync(first.Node, page[^1].Id, 9, cancel)).Select(row => row.Id).SequenceEqual(runs.Skip(3)), "the rest is another");
    }
}
