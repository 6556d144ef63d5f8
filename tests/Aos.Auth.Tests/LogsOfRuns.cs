using System.Text.Json;
using Aos.App.Server;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using Microsoft.Extensions.Options;

namespace Aos.Auth.Tests;

/// <summary>What the server's own log says beside its lines while steps of runs are under way.</summary>
[Trait("store", "none")]
public sealed class LogsOfRuns
{
    [Fact]
    [Trait("id", "W-23")]
    [Trait("id", "B8.10-09")]
    public async Task While_a_step_is_under_way_the_servers_lines_say_of_which_run_step_and_work_it_is()
    {
        using var log = new CapturedLog(isJson: true);
        await using var house = await AuthHouse.OpenAsync(
            server: new ServerOptions { Log = new LogOptions(LogLevel.Information) }, more: services => services.AddSingleton<ILoggerProvider>(log));
        var run = await house.AskAsync(
            "POST", "/api/v1/runs?wait=20", """{"plan":{"name":"invoices","steps":[{"id":"load","skill":"echo","params":{"password":"hunter2"}}]},"agent_id":"clerk"}""",
            ("X-AOS-Key", AuthHouse.FirstKey), ("X-Correlation-ID", "order-77"));
        Assert.Equal(201, run.Status);

        var line = log.Entries.Select(entry => Json.Parse(entry)).Single(entry => entry.GetText("event") == "step_done");

        Assert.Equal(
            ("order-77", run.Text("run_id"), "invoices", "clerk", "default", "load", 0),
            (line.GetText("correlation_id"), line.GetText("run_id"), line.GetText("workflow_id"), line.GetText("agent_id"), line.GetText("tenant_id"), line.GetText("step_id"), line.GetProperty("step_index").GetInt32()));
        Assert.Equal(("info", "Aos.Runs.RunLog", 2111), (line.GetText("level"), line.GetText("logger"), line.GetProperty("event_id").GetInt32()));
        Assert.DoesNotContain(log.Entries, entry => entry.Contains("hunter2", StringComparison.Ordinal));
    }

    [Fact]
    [Trait("id", "B8.10-08")]
    [Trait("id", "B8.10-09")]
    [Trait("id", "B8.10-11")]
    public void A_json_line_has_its_own_members_the_fields_in_scope_and_the_values_of_its_message()
    {
        using var log = new CapturedLog(isJson: true);
        using var factory = LoggerFactory.Create(logging => logging.AddProvider(log));
        var logger = factory.CreateLogger("Aos.Test");

        using (logger.BeginScope(new RequestFields("r-1", "order-77")))
            logger.LogWarning(new EventId(7, "goal_failed"), new InvalidOperationException("first\nsecond"), "Goal {GoalName} failed {Times} times for {RunId}.", "x\ny", 3, null);

        var entry = Assert.Single(log.Entries);
        Assert.Equal(entry.Length - 1, entry.IndexOf('\n', StringComparison.Ordinal));
        var line = Json.Parse(entry);
        Assert.Equal(
            ["timestamp", "level", "logger", "event_id", "event", "message", "correlation_id", "request_id", "goal_name", "times", "exception"],
            line.EnumerateObject().Select(member => member.Name));
        Assert.Equal(("warning", "Aos.Test", 7, "goal_failed"), (line.GetText("level"), line.GetText("logger"), line.GetProperty("event_id").GetInt32(), line.GetText("event")));
        Assert.Equal(("order-77", "r-1", "x\ny", 3), (line.GetText("correlation_id"), line.GetText("request_id"), line.GetText("goal_name"), line.GetProperty("times").GetInt32()));
        Assert.EndsWith("Z", line.GetText("timestamp"), StringComparison.Ordinal);
        Assert.Contains("first\nsecond", line.GetText("exception"), StringComparison.Ordinal);
    }

    [Fact]
    [Trait("id", "B8.10-09")]
    [Trait("id", "ATTACK-log-injection")]
    public void A_text_line_ends_with_the_fields_and_stays_one_line()
    {
        using var log = new CapturedLog();
        using var factory = LoggerFactory.Create(logging => logging.AddProvider(log));
        var logger = factory.CreateLogger("Aos.Test");

        using (logger.BeginScope(new RequestFields("r-1", "a\nb")))
        using (logger.BeginScope(new Dictionary<string, object> { ["RequestPath"] = "/secret" })) logger.LogWarning("Something");
        logger.LogWarning("Else");

        Assert.EndsWith("warn Aos.Test[0] Something {correlation_id=a\\nb request_id=r-1}\n", log.Entries.First(), StringComparison.Ordinal);
        Assert.EndsWith("warn Aos.Test[0] Else\n", log.Entries.Last(), StringComparison.Ordinal);
    }

    [Theory]
    [Trait("id", "B8.10-14")]
    [Trait("id", "B8.10-15")]
    [InlineData(null, null, LogLevel.Warning, "aos")]
    [InlineData("debug", "json", LogLevel.Debug, "aos-json")]
    [InlineData("error", "text", LogLevel.Error, "aos")]
    public void Settings_give_a_level_one_writer_and_its_form(string? level, string? format, LogLevel least, string form)
    {
        var problems = new List<string>();
        var options = LogOptions.Read(name => name == "AOS_LOG_LEVEL" ? level : format, problems);
        using var services = new ServiceCollection().AddLogging(logging => logging.OneLineEach(options)).BuildServiceProvider();

        Assert.Empty(problems);
        Assert.Equal(least, options.Level);
        Assert.IsType<ConsoleLoggerProvider>(Assert.Single(services.GetServices<ILoggerProvider>()));
        Assert.Equal(form, services.GetRequiredService<IOptions<ConsoleLoggerOptions>>().Value.FormatterName);
        Assert.Contains(services.GetServices<ConsoleFormatter>(), formatter => formatter.Name == form);
        var logger = services.GetRequiredService<ILogger<LogsOfRuns>>();
        Assert.Equal((true, false), (logger.IsEnabled(least), logger.IsEnabled(least - 1)));
    }

    [Theory]
    [Trait("id", "B8.10-14")]
    [InlineData("loud", null, "AOS_LOG_LEVEL")]
    [InlineData(null, "xml", "AOS_LOG_FORMAT")]
    public void A_setting_that_is_none_is_named(string? level, string? format, string named)
    {
        var problems = new List<string>();
        LogOptions.Read(name => name == "AOS_LOG_LEVEL" ? level : format, problems);

        Assert.Contains(named, Assert.Single(problems), StringComparison.Ordinal);
    }
}
