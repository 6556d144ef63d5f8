using Aos.Contracts;

namespace Aos.CostSim.Tests;

/// <summary>The table of the breaker's states, row by row, without a store.</summary>
[Trait("store", "none")]
public sealed class BreakerRules
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly BreakerOptions Rules = new();

    /// <summary>State before, what happens, state after. In words so that a row reads as in the table.</summary>
    [Theory]
    [Trait("id", "D4-01")]
    [InlineData("closed 0", "drift 0.21", "closed 1")]
    [InlineData("closed 0", "drift 0.2", "closed 0")] // At the threshold is no failure.
    [InlineData("closed 1", "drift 1", "closed 2")]
    [InlineData("closed 2", "drift 0.21", "open P1 by circuit_breaker for 24")]
    [InlineData("closed 2", "drift 0.2", "closed 0")]
    [InlineData("closed 0", "schema 4", "closed 0")]
    [InlineData("closed 2", "schema 4", "closed 0")]
    [InlineData("closed 0", "schema 5", "open P3 by circuit_breaker for 24")]
    [InlineData("closed 2", "schema 5 drift 1", "open P3 by circuit_breaker for 24")]
    [InlineData("closed 0", "disable", "open P2 by key:admin for 1")]
    [InlineData("closed 2", "disable for ever", "open P2 by key:admin for ever")]
    [InlineData("open", "drift 1", "open")]
    [InlineData("open", "drift 0", "open")]
    [InlineData("open", "schema 9", "open")]
    [InlineData("open", "disable again", "open")]
    [InlineData("open", "disable", "open P2 by key:admin for 1 resolving old")]
    [InlineData("open", "enable", "closed 0 resolving old")]
    [InlineData("closed 0", "enable", "closed 0")]
    [InlineData("closed 2", "enable", "closed 2")]
    [InlineData("open", "read", "open")]
    [InlineData("open", "read 24", "half_open")]
    [InlineData("open for ever", "read 24", "open")]
    [InlineData("open no recovery", "read 24", "open")]
    [InlineData("half_open", "drift 1", "half_open")]
    [InlineData("half_open", "schema 9", "half_open")]
    [InlineData("half_open", "stranger 1", "half_open")]
    [InlineData("half_open", "probe 0.2", "half_open")]
    [InlineData("half_open", "last probe 0.2", "closed 0 resolving old")]
    [InlineData("half_open", "probe 0.21", "open")]
    [InlineData("half_open", "enable", "closed 0 resolving old")]
    [InlineData("half_open", "disable", "open P2 by key:admin for 1 resolving old")]
    [InlineData("closed 1", "stranger 1", "closed 1")]
    [InlineData("closed 1", "stranger 0", "closed 1")]
    public void What_happens_moves_it_as_the_table_says(string before, string happens, string after)
    {
        var row = Row(before);
        var rules = new BreakerOptions { AutoRecover = !before.EndsWith("no recovery", StringComparison.Ordinal) };

        var step = Step(rules, row, happens);

        Assert.Equal(after, Said(step));
        if (step.Row.Status != row.Status || step.Opened is not null) Assert.Equal((row.Status, step.Row.Status), (step.Change!.From, step.Change.To));
        else Assert.Null(step.Change);
    }

    [Fact]
    [Trait("id", "D4-02")]
    public void Half_open_it_lets_exactly_so_many_probes_through_and_a_lost_one_again()
    {
        var row = Row("half_open") with { Probes = [] };
        var given = new List<Guid>();
        for (var i = 0; i < 10; i++)
        {
            var probe = Guid.NewGuid();
            var (step, allowed) = BreakerMachine.Admit(Rules, row, Noon, probe);
            row = step.Row;
            if (allowed) given.Add(probe);
        }

        Assert.Equal((3, 0), (given.Count, BreakerMachine.ProbesLeft(Rules, row, Noon)));
        row = BreakerMachine.Report(Rules, row, BreakerHouse.Report(0, given[0]), Noon, "x").Row;
        var again = BreakerMachine.Report(Rules, row, BreakerHouse.Report(0, given[0]), Noon, "x");
        Assert.Same(row, again.Row); // A report counts once.
        Assert.False(BreakerMachine.Admit(Rules, row, Noon, Guid.NewGuid()).IsAllowed);

        var later = Noon + BreakerMachine.ProbeLifetime;
        Assert.Equal(2, BreakerMachine.ProbesLeft(Rules, row, later));
        var replaced = BreakerMachine.Admit(Rules, row, later, Guid.NewGuid());
        Assert.True(replaced.IsAllowed);
        Assert.Same(replaced.Step.Row, BreakerMachine.Report(Rules, replaced.Step.Row, BreakerHouse.Report(1, given[1]), later, "x").Row); // It is as if it had never been given.
    }

    [Fact]
    [Trait("id", "D4-03")]
    public void The_first_question_after_its_time_is_the_first_probe()
    {
        var (step, allowed) = BreakerMachine.Admit(Rules, Row("open"), Noon.AddHours(24), Guid.NewGuid());

        Assert.True(allowed);
        Assert.Equal((BreakerStatus.HalfOpen, 2), (step.Row.Status, BreakerMachine.ProbesLeft(Rules, step.Row, Noon.AddHours(24))));
        Assert.False(BreakerMachine.Admit(Rules, Row("open"), Noon, Guid.NewGuid()).IsAllowed);
        Assert.True(BreakerMachine.Admit(Rules, Row("closed 0"), Noon, Guid.NewGuid()).IsAllowed);
    }

    [Fact]
    [Trait("id", "D4-04")]
    public void A_failed_probe_opens_it_again_for_the_same_incident_and_another_time()
    {
        var row = Row("half_open");
        var step = BreakerMachine.Report(Rules, row, BreakerHouse.Report(0, row.Probes[0].Id, schemaErrors: 5), Noon.AddHours(30), "new");

        Assert.Equal((BreakerStatus.Open, "old", Noon.AddHours(54)), (step.Row.Status, step.Row.IncidentId, step.Row.Until!.Value));
        Assert.Null(step.Opened);
        Assert.Null(step.Resolved);
    }

    private static BreakerRow Row(string words)
    {
        var parts = words.Split(' ');
        var open = new BreakerRow(
            BreakerStatus.Open, Noon, "same", "old", 3, Noon, words.EndsWith("for ever", StringComparison.Ordinal) ? null : Noon.AddHours(24), "circuit_breaker", []);
        return parts[0] switch
        {
            "closed" => BreakerRow.Closed with { Failures = int.Parse(parts[1], System.Globalization.CultureInfo.InvariantCulture) },
            "open" => open,
            _ => open with { Status = BreakerStatus.HalfOpen, Probes = [.. Enumerable.Range(1, 3).Select(i => new BreakerProbe(new Guid(i, 0, 0, new byte[8]), Noon, IsGood: false))] },
        };
    }

    private static BreakerStep Step(BreakerOptions rules, BreakerRow row, string words)
    {
        var parts = words.Split(' ');
        var number = double.TryParse(parts[^1], System.Globalization.CultureInfo.InvariantCulture, out var last) ? last : 0;
        return parts[0] switch
        {
            "drift" => Report(BreakerHouse.Report(number)),
            "schema" => Report(BreakerHouse.Report(parts.Length > 2 ? number : 0, schemaErrors: int.Parse(parts[1], System.Globalization.CultureInfo.InvariantCulture))),
            "stranger" => Report(BreakerHouse.Report(number, Guid.Empty)),
            "probe" => Report(BreakerHouse.Report(number, row.Probes[0].Id)),
            "last" => BreakerMachine.Report(
                rules, row with { Probes = [row.Probes[0] with { IsGood = true }, row.Probes[1] with { IsGood = true }, row.Probes[2]] }, BreakerHouse.Report(number, row.Probes[2].Id), Noon, "new"),
            "disable" => BreakerMachine.Disable(row, "key:admin", words.EndsWith("again", StringComparison.Ordinal) ? "same" : "mine", words.EndsWith("ever", StringComparison.Ordinal) ? null : Noon.AddHours(1), Noon, "new"),
            "enable" => BreakerMachine.Enable(row, "key:admin", "mine", Noon),
            _ => BreakerMachine.Expire(rules, row, Noon.AddHours(number)),
        };

        BreakerStep Report(BreakerReport report) => BreakerMachine.Report(rules, row, report, Noon, "new");
    }

    private static string Said(BreakerStep step)
    {
        var ends = step.Resolved is var (id, _, _) ? $" resolving {id}" : "";
        var row = step.Row;
        return row.Status switch
        {
            BreakerStatus.Closed => $"closed {row.Failures}{ends}",
            BreakerStatus.Open when step.Opened is { } incident => $"open {incident.Severity} by {row.By} for {(row.Until is { } until ? $"{(until - Noon).TotalHours}" : "ever")}{ends}",
            BreakerStatus.Open => "open",
            _ => "half_open",
        };
    }
}
