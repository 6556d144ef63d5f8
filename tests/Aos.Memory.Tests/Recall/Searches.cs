using Aos.Contracts;

namespace Aos.Memory.Tests;

/// <summary>What is found, in which order, by whom and why.</summary>
public sealed class Searches : IAsyncLifetime
{
    private readonly RecallHouse house = new();

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => house.DisposeAsync();

    [Fact]
    [Trait("id", "E5-04")]
    public async Task An_agent_finds_its_own_notes_those_of_its_workflow_and_the_tenants_and_no_others()
    {
        await house.AddAsync("rates: mine");
        await house.AddAsync("rates: another's", "b8");
        await house.AddAsync("rates: everybody's", null, NoteScope.Tenant);
        await house.AddAsync("rates: the flow's", null, NoteScope.Workflow, wish => wish with { Workflow = "flow" });
        await house.AddAsync("rates: another flow's", null, NoteScope.Workflow, wish => wish with { Workflow = "other" });
        await house.AddAsync("rates: of another tenant", caller: RecallHouse.Rival);

        Assert.Equal(["rates: everybody's", "rates: mine"], (await house.TextsAsync("rates", new NoteFilter { Agent = "a7" })).Order());
        Assert.Equal(["rates: everybody's", "rates: mine", "rates: the flow's"], (await house.TextsAsync("rates", new NoteFilter { Agent = "a7", Workflow = "flow" })).Order());
        Assert.Equal(["rates: the flow's"], await house.TextsAsync("rates", new NoteFilter { Agent = "a7", Workflow = "flow", Scope = NoteScope.Workflow }));
        Assert.Equal(5, (await house.TextsAsync("rates", count: 10)).Length);
        var listed = await house.Recall.ListAsync(RecallHouse.Acme, new NoteFilter { Agent = "a7", Workflow = "flow" }, null, 10, RecallHouse.Cancel);
        Assert.Equal(3, listed.Count);
    }

    [Fact]
    [Trait("id", "E5-05")]
    public async Task A_credential_of_one_agent_recalls_and_writes_as_that_agent_only()
    {
        var one = RecallHouse.Acme with { AgentId = "a7" };
        var foreign = await house.AddAsync("rates of another", "b8");
        await house.AddAsync("rates of mine");

        Assert.Equal(["rates of mine"], (await house.FindAsync("rates", new NoteFilter { Agent = "b8" }, caller: one)).Select(hit => hit.Note.Text));
        Assert.Null(await house.Recall.FindAsync(one, foreign.Id, RecallHouse.Cancel));
        Assert.Null(await house.Recall.DeleteAsync(one, foreign.Id, RecallHouse.Cancel));
        Assert.Equal(0, await house.Recall.ForgetAsync(one, new ForgetWish("b8", null, null), RecallHouse.Cancel));
        Assert.Equal("PERMISSION_DENIED", (await house.Recall.AddAsync(one, new NoteWish("x", NoteScope.Agent, "b8"), RecallHouse.Cancel)).Refusal!.Code);
    }

    [Fact]
    [Trait("id", "E5-06")]
    public async Task Filters_hold_back_what_they_say()
    {
        var run = new RunId(Guid.Parse("019aa000-0000-7000-8000-000000000001"));
        await house.AddAsync("rates one", more: wish => wish with { Type = "fact", Source = "seed", Run = run });
        house.Clock.Advance(TimeSpan.FromHours(1));
        var middle = house.Clock.GetUtcNow();
        await house.AddAsync("rates two", more: wish => wish with { Type = "preference" });

        foreach (var filter in new NoteFilter[] { new() { Types = ["fact", "none"] }, new() { Source = "seed" }, new() { Run = run }, new() { Until = middle } })
        {
            Assert.Equal(["rates one"], await house.TextsAsync("rates", filter));
            Assert.Equal(["rates one"], (await house.Recall.ListAsync(RecallHouse.Acme, filter, null, 10, RecallHouse.Cancel)).Select(note => note.Text));
        }

        Assert.Equal(["rates two"], await house.TextsAsync("rates", new NoteFilter { Since = middle }));
        Assert.Empty(await house.FindAsync("rates", least: 1));
        Assert.Equal(2, (await house.FindAsync("rates", least: 0.5)).Count);
    }

    [Fact]
    [Trait("id", "E5-07")]
    public async Task Each_hit_says_by_which_channels_it_was_found_and_its_score_follows_from_that()
    {
        await house.AddAsync("The deployment of the gateway failed.", more: wish => wish with { Importance = 1 });
        await house.AddAsync("Walnuts are in the cupboard.");
        house.Clock.Advance(RecallScore.HalfLife);
        var hit = (await house.FindAsync("gateway deployment"))[0];

        Assert.Equal((1, 1), (hit.Reasons.Single(reason => reason.Channel == RecallChannel.FullText).Rank, hit.Reasons.Single(reason => reason.Channel == RecallChannel.BuiltIn).Rank));
        Assert.True(hit.Reasons.Single(reason => reason.Channel == RecallChannel.BuiltIn).Score is > 0.4 and <= 1);
        Assert.Equal((1, 0.5), (hit.Fused, hit.Recency));
        Assert.Equal(0.8 + 0.05 + 0.1, hit.Score, 12);
    }

    [Fact]
    [Trait("id", "E5-08")]
    public async Task Of_equal_answers_the_more_important_and_the_newer_come_first_and_ties_are_always_the_same()
    {
        var old = await house.AddAsync("rates are low", "x1");
        house.Clock.Advance(TimeSpan.FromDays(90));
        var recent = await house.AddAsync("rates are low", "x2");
        var weighty = await house.AddAsync("rates are low", "x3", more: wish => wish with { Importance = 1 });
        var twin = await house.AddAsync("rates are low", "x4");

        var first = (await house.FindAsync("rates")).Select(hit => hit.Note.Id).ToList();
        Assert.Equal(4, first.Count);
        Assert.True(first.IndexOf(weighty.Id) < first.IndexOf(recent.Id));
        Assert.Equal(old.Id, first[^1]);
        Assert.True(first.IndexOf(recent.Id) < first.IndexOf(twin.Id) == recent.Id.CompareTo(twin.Id) < 0);
        Assert.Equal(first, (await house.FindAsync("rates")).Select(hit => hit.Note.Id));
    }

    [Fact]
    [Trait("id", "E5-09")]
    public async Task A_kindred_word_is_found_by_its_parts_where_no_word_is_the_same()
    {
        await house.AddAsync("The coffee machine leaks.");
        await house.AddAsync("Refrigeration of the vaccine failed overnight.");

        Assert.Equal("Refrigeration of the vaccine failed overnight.", (await house.TextsAsync("refrigerator"))[0]);
    }

    [Fact]
    [Trait("id", "E5-10")]
    public async Task Signs_alone_find_nothing_and_an_empty_question_the_newest()
    {
        await house.AddAsync("100% of it");
        house.Clock.Advance(TimeSpan.FromSeconds(1));
        await house.AddAsync("the newest");

        Assert.Empty(await house.FindAsync("%"));
        Assert.Empty(await house.FindAsync("' --"));
        Assert.Equal(["the newest"], await house.TextsAsync("", count: 1));
    }

    [Fact]
    [Trait("id", "E5-11")]
    [Trait("id", "E9.5-07")]
    public async Task With_vectors_switched_off_words_find_and_the_answer_says_so()
    {
        await using var plain = new RecallHouse(new RecallOptions { SearchesVectors = false });
        await plain.AddAsync("The deployment failed.");
        var reply = await plain.Recall.SearchAsync(RecallHouse.Acme, new RecallQuestion("deployments", new NoteFilter()), RecallHouse.Cancel);

        Assert.Equal("disabled", reply.Degraded);
        Assert.Equal([RecallChannel.FullText], Assert.Single(reply.Hits).Reasons.Select(reason => reason.Channel));
        Assert.Empty(await plain.FindAsync("deploy"));
    }

    [Fact]
    [Trait("id", "E5-12")]
    public async Task A_tenant_with_more_than_fits_into_memory_is_searched_in_pages_with_the_same_answers()
    {
        await using var paged = new RecallHouse(new RecallOptions { CacheBytes = 1 });
        foreach (var note in Labelled.Notes.Take(60))
        {
            await house.AddAsync(note.Text, note.Agent);
            await paged.AddAsync(note.Text, note.Agent);
            house.Clock.Advance(TimeSpan.FromSeconds(1));
            paged.Clock.Advance(TimeSpan.FromSeconds(1));
        }

        foreach (var question in Labelled.Questions.Take(12))
        {
            var (own, other) = (await house.FindAsync(question.Text), await paged.FindAsync(question.Text));
            Assert.Equal(own.Select(hit => (hit.Note.Text, hit.Score)), other.Select(hit => (hit.Note.Text, hit.Score)));
        }

        Assert.Equal((60, 0), (house.Of<NoteIndexes>().Count, paged.Of<NoteIndexes>().Count));
    }

    [Fact]
    [Trait("store", "postgres")]
    [Trait("id", "E5-13")]
    public async Task What_one_node_writes_and_removes_every_other_node_knows_at_its_next_question()
    {
        await using var two = new RecallHouse(nodes: 2);
        var note = await two.AddAsync("The gate opens at nine.");
        Assert.Single(await two.FindAsync("gate", node: 1));
        var later = await two.AddAsync("The gate is red.");
        Assert.Equal(2, (await two.FindAsync("gate", node: 1)).Count);

        await two.Of<IRecall>(1).DeleteAsync(RecallHouse.Acme, note.Id, RecallHouse.Cancel);
        Assert.Equal([later.Id], (await two.FindAsync("gate")).Select(hit => hit.Note.Id));
    }

    [Fact]
    [Trait("id", "E5-14")]
    public async Task Removals_that_were_forgotten_are_minded_all_the_same()
    {
        var (first, second) = (await house.AddAsync("The gate opens at nine."), await house.AddAsync("The gate is red."));
        Assert.Equal(2, (await house.FindAsync("gate")).Count);
        var reader = house.Of<NoteReader>();
        var index = new NoteIndex(RecallHouse.Acme.Tenant, reader);
        await index.RefreshAsync(await reader.StateAsync(RecallHouse.Acme.Tenant, RecallHouse.Cancel), RecallHouse.Cancel);
        await house.Recall.DeleteAsync(RecallHouse.Acme, first.Id, RecallHouse.Cancel);
        house.Clock.Advance(TimeSpan.FromDays(2));
        Assert.Equal(1, await house.PassAsync("recall_sweep"));

        await index.RefreshAsync(await reader.StateAsync(RecallHouse.Acme.Tenant, RecallHouse.Cancel), RecallHouse.Cancel);
        Assert.Equal(1, index.Count);
        Assert.Equal([second.Id], (await house.FindAsync("gate")).Select(hit => hit.Note.Id));
        index.Dispose();
    }
}
