using Aos.Contracts;

namespace Aos.Memory.Tests;

/// <summary>Vectors of a model: for new notes and old ones, within the day's quota, and what happens without them.</summary>
public sealed class Embeddings
{
    private readonly PlannedModel model = new() { Meanings = { ["car"] = 0, ["automobile"] = 0, ["boat"] = 1 } };

    private static RecallOptions Options => new() { Provider = "local", Model = "m" };

    [Fact]
    [Trait("id", "E9.5-02")]
    public async Task A_new_note_gets_the_models_vector_by_itself_and_is_found_by_its_meaning()
    {
        await using var house = new RecallHouse(Options, model);
        var note = await house.AddAsync("The car is in the yard.");
        await house.AddAsync("The boat is at sea.");
        Assert.Equal(("local/m", 2, 0, 2), Progress(await house.Recall.ProgressAsync(RecallHouse.Acme, RecallHouse.Cancel)));

        Assert.Equal(2, await house.PassAsync("memory_embed"));
        Assert.Equal(0, await house.PassAsync("memory_embed"));
        var reply = await house.Recall.SearchAsync(RecallHouse.Acme, new RecallQuestion("automobile", new NoteFilter()), RecallHouse.Cancel);

        Assert.Equal(("local/m", null), (reply.Model, reply.Degraded));
        Assert.Equal((note.Id, "local/m"), (reply.Hits[0].Note.Id, reply.Hits[0].Note.Model));
        var near = Assert.Single(reply.Hits[0].Reasons, reason => reason.Channel == RecallChannel.Similarity);
        Assert.True(near is { Rank: 1, Score: > 0.99 and <= 1.0001 });
        Assert.Equal(("local/m", 2, 2, 0), Progress(await house.Recall.ProgressAsync(RecallHouse.Acme, RecallHouse.Cancel)));
    }

    [Fact]
    [Trait("id", "E9.5-05")]
    public async Task Similarity_is_a_number_and_the_nearest_comes_first()
    {
        await using var house = new RecallHouse(Options, model);
        foreach (var text in new[] { "a car", "a car on a boat", "a boat" }) await house.AddAsync(text);
        await house.PassAsync("memory_embed");

        var hits = (await house.FindAsync("automobile")).Select(hit => (hit.Note.Text, hit.Reasons.FirstOrDefault(reason => reason.Channel == RecallChannel.Similarity)?.Score)).ToList();
        Assert.Equal(["a car", "a car on a boat"], hits.Take(2).Select(hit => hit.Text));
        Assert.Equal(0.7071, hits[1].Score!.Value, 0.001);
    }

    [Fact]
    [Trait("id", "E9.5-06")]
    public async Task Without_an_answer_of_the_model_notes_are_found_by_words_and_the_answer_says_why()
    {
        model.Failing = static _ => FailureCatalog.Fail("TIMEOUT", "too late");
        await using var house = new RecallHouse(Options, model);
        await house.AddAsync("The car is in the yard.");
        var reply = await house.Recall.SearchAsync(RecallHouse.Acme, new RecallQuestion("yard", new NoteFilter()), RecallHouse.Cancel);

        Assert.Equal((null, "no_embedding"), (reply.Model, reply.Degraded));
        Assert.Single(reply.Hits);
        Assert.Equal(0, (await house.Recall.AllowanceAsync(RecallHouse.Acme, RecallHouse.Cancel)).Used);
    }

    [Fact]
    [Trait("id", "E9.5-10")]
    public async Task Notes_of_before_the_model_get_its_vectors_and_the_work_ends()
    {
        await using var house = new RecallHouse(Options, model);
        for (var i = 0; i < 70; i++) await house.AddAsync($"note {i}");
        await house.PassAsync("memory_embed");
        Assert.Equal(70, model.Asked.Sum(texts => texts.Length));
        Assert.All(model.Asked, texts => Assert.True(texts.Length <= EmbedChore.Batch));

        // Another model is configured: everything waits for it once.
        var options = house.Of<RecallOptions>();
        options.Model = "n";
        house.Clock.Advance(TimeSpan.FromHours(1));
        Assert.True(await house.PassAsync("memory_embed") > 0);
        Assert.Equal(("local/n", 70, 70, 0), Progress(await house.Recall.ProgressAsync(RecallHouse.Acme, RecallHouse.Cancel)));
        house.Clock.Advance(TimeSpan.FromHours(1));
        Assert.Equal(0, await house.PassAsync("memory_embed"));
        Assert.Equal(140, model.Asked.Sum(texts => texts.Length));
    }

    [Fact]
    [Trait("id", "E5-15")]
    public async Task Notes_that_one_change_touched_are_all_read_wherever_a_page_ends()
    {
        await using var house = new RecallHouse(Options, model);
        for (var i = 0; i < 10; i++) await house.AddAsync($"car {i}");
        Assert.Equal(10, await house.PassAsync("memory_embed")); // By one change.
        var reader = new NoteReader(house.Of<IDatabase>(), house.Of<RecallOptions>()) { Page = 3 };
        using var index = new NoteIndex(RecallHouse.Acme.Tenant, reader);
        await index.RefreshAsync(await reader.StateAsync(RecallHouse.Acme.Tenant, RecallHouse.Cancel), RecallHouse.Cancel);
        using var none = new NoteIndexes(reader, new RecallOptions { CacheBytes = 1 }, house.Clock);
        var scan = new NoteScan("car", new NoteFilter(), house.Clock.GetUtcNow(), null, comparesBuiltIn: false);
        await none.ScanAsync(RecallHouse.Acme.Tenant, scan, RecallHouse.Cancel);

        Assert.Equal((10, 10), (index.Count, scan.Found(100).Count));
        await house.AddAsync("car 10");
        await index.RefreshAsync(await reader.StateAsync(RecallHouse.Acme.Tenant, RecallHouse.Cancel), RecallHouse.Cancel);
        Assert.Equal(11, index.Count);
    }

    [Fact]
    [Trait("id", "E5-20")]
    public async Task The_days_quota_is_never_passed_and_the_next_day_goes_on()
    {
        var options = Options;
        options.DailyQuota = 3;
        await using var house = new RecallHouse(options, model);
        for (var i = 0; i < 5; i++) await house.AddAsync($"note {i}");
        await house.PassAsync("memory_embed");
        var allowance = await house.Recall.AllowanceAsync(RecallHouse.Acme, RecallHouse.Cancel);

        Assert.Equal((3, 3, 0, true), (allowance.Daily, allowance.Used, allowance.Remaining, allowance.IsExceeded));
        Assert.Equal(new DateTimeOffset(2026, 4, 1, 0, 0, 0, TimeSpan.Zero), allowance.ResetsAt);
        Assert.Equal(3, model.Asked.Sum(texts => texts.Length));
        Assert.Equal("no_embedding", (await house.Recall.SearchAsync(RecallHouse.Acme, new RecallQuestion("note", new NoteFilter()), RecallHouse.Cancel)).Degraded);
        Assert.Equal(0, (await house.Recall.AllowanceAsync(RecallHouse.Rival, RecallHouse.Cancel)).Used);
        house.Clock.Advance(TimeSpan.FromHours(1));
        Assert.Equal(0, await house.PassAsync("memory_embed"));

        house.Clock.Advance(TimeSpan.FromHours(11));
        Assert.Equal(2, await house.PassAsync("memory_embed"));
        Assert.Equal(2, (await house.Recall.AllowanceAsync(RecallHouse.Acme, RecallHouse.Cancel)).Used);
    }

    [Fact]
    [Trait("id", "E5-21")]
    public async Task Takers_at_once_get_no_more_than_the_quota()
    {
        var options = Options;
        options.DailyQuota = 10;
        await using var house = new RecallHouse(options, model, nodes: Aos.Testing.TestStore.Chosen == Aos.Testing.TestStoreKind.Sqlite ? 1 : 2);
        var nodes = Aos.Testing.TestStore.Chosen == Aos.Testing.TestStoreKind.Sqlite ? 1 : 2;
        var granted = await Task.WhenAll(Enumerable.Range(0, 12).Select(i => house.Of<EmbeddingQuota>(i % nodes).TakeAsync(RecallHouse.Acme.Tenant, 3, RecallHouse.Cancel)));

        Assert.Equal(10, granted.Sum(one => one.Granted));
    }

    [Fact]
    [Trait("id", "E5-22")]
    public async Task A_note_that_is_refused_is_given_up_alone_and_one_that_only_failed_is_asked_about_later_and_at_last_given_up()
    {
        model.Failing = static texts => texts.Any(text => text.Contains("poison", StringComparison.Ordinal)) ? FailureCatalog.Fail("INVALID_INPUT", "no such text") : null;
        await using var house = new RecallHouse(Options, model);
        await house.AddAsync("poison");
        await house.AddAsync("good");
        for (var i = 0; i < EmbedChore.TriesMax; i++)
        {
            await house.PassAsync("memory_embed");
            house.Clock.Advance(TimeSpan.FromHours(1));
        }

        var progress = await house.Recall.ProgressAsync(RecallHouse.Acme, RecallHouse.Cancel);
        Assert.Equal((1, 0, 1, "INVALID_INPUT: no such text"), ((int)progress.Done, (int)progress.Pending, (int)progress.Dead, progress.LastError));
        var calls = model.Asked.Count;
        house.Clock.Advance(TimeSpan.FromDays(1));
        Assert.Equal(0, await house.PassAsync("memory_embed"));
        Assert.Equal(calls, model.Asked.Count);
        Assert.Equal("poison", (await house.TextsAsync("poison"))[0]);
    }

    [Fact]
    [Trait("id", "E5-23")]
    public async Task A_provider_that_asks_for_patience_is_left_alone_for_so_long()
    {
        model.Failing = static _ => FailureCatalog.Fail("RATE_LIMITED", "slow down", TimeSpan.FromMinutes(7));
        await using var house = new RecallHouse(Options, model);
        await house.AddAsync("one");
        await house.PassAsync("memory_embed");
        house.Clock.Advance(TimeSpan.FromMinutes(6));
        await house.PassAsync("memory_embed");
        Assert.Single(model.Asked);

        model.Failing = static _ => null;
        house.Clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(1, await house.PassAsync("memory_embed"));
    }

    [Fact]
    [Trait("id", "E5-24")]
    public async Task Vectors_of_another_length_are_not_mixed_with_those_before()
    {
        await using var house = new RecallHouse(Options, model);
        await house.AddAsync("one car");
        await house.PassAsync("memory_embed");
        model.Dimensions = 5;
        await house.AddAsync("two cars");
        await house.PassAsync("memory_embed");

        var progress = await house.Recall.ProgressAsync(RecallHouse.Acme, RecallHouse.Cancel);
        Assert.Equal((1, 1), (progress.Done, progress.Dead));
        Assert.Contains("vectors of 5 numbers", progress.LastError, StringComparison.Ordinal);
        Assert.Equal(2, (await house.FindAsync("car")).Count);
    }

    [Fact]
    [Trait("id", "E5-25")]
    public async Task The_same_question_is_asked_of_the_model_once_and_what_is_kept_of_questions_is_bounded()
    {
        await using var house = new RecallHouse(Options, model);
        await house.FindAsync("car");
        await house.FindAsync("car");
        await house.FindAsync("car", caller: RecallHouse.Rival);
        Assert.Equal(2, model.Asked.Count);

        var options = house.Of<RecallOptions>();
        options.DailyQuota = 0;
        var vectors = house.Of<ModelVectors>();
        for (var i = 0; i < ModelVectors.QuestionsMax; i++) await vectors.OfQuestionAsync(RecallHouse.Acme.Tenant, $"q{i}", RecallHouse.Cancel);
        var asked = model.Asked.Count;
        await vectors.OfQuestionAsync(RecallHouse.Acme.Tenant, "q1", RecallHouse.Cancel);
        Assert.Equal(asked, model.Asked.Count);
        await vectors.OfQuestionAsync(RecallHouse.Acme.Tenant, "car", RecallHouse.Cancel);
        Assert.Equal(asked + 1, model.Asked.Count);
    }

    private static (string?, int, int, int) Progress(EmbeddingProgress progress) => (progress.Model, (int)progress.Notes, (int)progress.Done, (int)progress.Pending);
}
