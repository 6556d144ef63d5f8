using System.Globalization;
using Aos.Skills.Tests;
using Aos.Testing;

namespace Aos.E2E.Tests;

/// <summary>Samples that reach a database, a mail server or models, by the steps of their pages, against peers of the test.</summary>
public sealed class SamplesWithPeers : InFolder
{
    public SamplesWithPeers() => Aos.Environment.Add(("AOS_EGRESS_ALLOW", "127.0.0.1"));

    [Fact]
    [Trait("id", "CLI-43")]
    [Trait("store", "postgres")]
    public async Task A_query_becomes_a_file_that_a_spreadsheet_opens()
    {
        var sample = Samples.Copy("query-to-csv", Folder);
        using (var database = ServerAddress.Connect(Store.Direct)) database.Run(await Samples.ReadAsync(sample, "orders.sql"));
        var url = new Uri(Store.Direct);
        var user = url.UserInfo.Split(':');
        Aos.Environment.Add(("AOS_SECRET_REPORTS_PASSWORD", Uri.UnescapeDataString(user[1])));
        await ConnectAsync(sample, "reports", ("5432", Text(url.Port)), ("shop", url.AbsolutePath.Trim('/')), ("aos_reader", user[0]));

        var ran = await Aos.RunAsync("run", Path.Combine(sample, "plan.yaml"));
        Assert.True(ran.Code == 0, ran.Output + ran.Errors);
        Assert.Equal(Samples.Expected("query-to-csv", "orders.csv"), await Samples.ReadAsync(sample, "out", "orders.csv"));

        File.Delete(Path.Combine(sample, "out", "orders.csv"));
        var plan = Path.Combine(sample, "plan.yaml");
        await File.WriteAllTextAsync(plan, (await Samples.ReadAsync(plan)).Replace("max_rows: 5000", "max_rows: 2", StringComparison.Ordinal), TestContext.Current.CancellationToken);
        var cut = await Aos.RunAsync("run", plan);
        Assert.Equal(1, cut.Code);
        Assert.Contains("there are more rows than max_rows", cut.Errors, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(sample, "out", "orders.csv")));
    }

    [Fact]
    [Trait("id", "CLI-44")]
    [Trait("store", "none")]
    public async Task A_report_goes_out_as_a_mail_and_to_nobody_else()
    {
        await using var server = new MailPeer(auth: "");
        var sample = Samples.Copy("email-report", Folder);
        await ConnectAsync(sample, "mail", ("1025", Text(server.Port)));

        var sent = await Aos.RunAsync("run", Path.Combine(sample, "plan.yaml"), "--input", "to=ann@example.com");
        Assert.True(sent.Code == 0, sent.Output + sent.Errors);
        Assert.Equal(Samples.Expected("email-report", "output.json"), sent.Output);
        var mail = Assert.Single(server.Taken);
        Assert.Equal(["ann@example.com"], mail.To);
        Assert.Contains("Ash Ltd: 2 orders, 130 EUR", mail.Text, StringComparison.Ordinal);

        var refused = await Aos.RunAsync("run", Path.Combine(sample, "plan.yaml"), "--input", "to=ann@example.org");
        Assert.Equal(1, refused.Code);
        Assert.Contains("PERMISSION_DENIED", refused.Errors, StringComparison.Ordinal);
        Assert.Single(server.Taken);
    }

    [Fact]
    [Trait("id", "CLI-45")]
    [Trait("store", "none")]
    public async Task Another_model_answers_and_when_none_can_a_text_does()
    {
        var isDown = false;
        await using var first = await ModelServer.OpenAsync((_, _) => ModelTurn.Refused(503, "overloaded_error"));
        await using var second = await ModelServer.OpenAsync((_, _) => isDown ? ModelTurn.Refused(503, "overloaded_error") : new ModelTurn("Because nobody sends them."));
        var sample = Samples.Copy("fallback-model", Folder);
        var models = Path.Combine(sample, "models.yaml");
        Replace(models, ("http://127.0.0.1:11434", first.Origin), ("http://127.0.0.1:8001", second.Origin));
        Replace(Path.Combine(sample, "plan.yaml"), ("backoff: 1s", "backoff: 10ms"));
        Aos.Environment.Add(("AOS_MODELS", models));

        var answered = await Aos.RunAsync("run", Path.Combine(sample, "plan.yaml"));
        Assert.True(answered.Code == 0, answered.Output + answered.Errors);
        Assert.Equal(("Because nobody sends them.", "second"), (answered.Json.GetText("answer"), answered.Json.GetText("by")));

        isDown = true;
        var alone = await Aos.RunAsync("run", Path.Combine(sample, "plan.yaml"));
        Assert.Equal((0, Samples.Expected("fallback-model", "nobody.json")), (alone.Code, alone.Output));
    }

    private async Task ConnectAsync(string sample, string name, params (string Old, string New)[] with)
    {
        var file = Path.Combine(sample, "connection.yaml");
        Replace(file, with);
        var set = await Aos.RunAsync("connections", "set", name, "--file", file);
        var tried = await Aos.RunAsync("connections", "test", name);
        Assert.All(new[] { set, tried }, ended => Assert.True(ended.Code == 0, ended.Output + ended.Errors));
    }

    private static void Replace(string file, params (string Old, string New)[] with) =>
        File.WriteAllText(file, with.Aggregate(File.ReadAllText(file), (text, one) => text.Replace(one.Old, one.New, StringComparison.Ordinal)));

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
