using System.Text.Json;

namespace Aos.E2E.Tests;

/// <summary><c>aos secrets</c> as a process.</summary>
[Trait("store", "none")]
public sealed class SecretCommands : InFolder
{
    [Fact]
    [Trait("id", "SEC-50")]
    public async Task A_secret_is_set_rotated_listed_and_removed_and_its_value_is_printed_nowhere()
    {
        var (first, second) = ($"first-{Guid.NewGuid():N}", $"second-{Guid.NewGuid():N}");
        var set = await WithInputAsync(first + "\n", "secrets", "set", "K", "--skill", "http_call", "--expires-in", "90d", "--json");
        var rotated = await Aos.RunAsync("secrets", "rotate", "K", "--file", Aos.Write("value", second), "--overlap", "0s", "--json");
        var again = await WithInputAsync(second, "secrets", "set", "SAME", "--json");
        var listed = await Aos.RunAsync("secrets");
        var removed = await Aos.RunAsync("secrets", "remove", "K");
        var after = await Aos.RunAsync("secrets", "list", "--json");

        Assert.All(new[] { set, rotated, again, listed, removed, after }, ended => Assert.True(ended.Code == 0, ended.Errors));
        Assert.Equal((1, 2), (set.Json.GetProperty("version").GetInt32(), rotated.Json.GetProperty("version").GetInt32()));
        Assert.Equal("http_call", rotated.Json.GetProperty("allow").GetProperty("skills")[0].GetString());
        Assert.NotEqual(JsonValueKind.Null, rotated.Json.GetProperty("expires_at").ValueKind);
        Assert.StartsWith("K ", listed.Output, StringComparison.Ordinal);
        Assert.Equal("SAME", after.Json.GetText("name"));
        Assert.All(
            new[] { set, rotated, again, listed, removed, after },
            ended => Assert.All(new[] { first, second }, value => Assert.DoesNotContain(value, ended.Output + ended.Errors, StringComparison.Ordinal)));
    }

    [Fact]
    [Trait("id", "SEC-50")]
    public async Task A_name_that_is_not_there_is_not_made_by_rotating_it_and_no_argument_takes_a_value()
    {
        var rotated = await WithInputAsync("some value", "secrets", "rotate", "NONE");
        var argument = await Aos.RunAsync("secrets", "set", "K", "a value");
        var file = await Aos.RunAsync("secrets", "set", "K", "--file", "nowhere");

        Assert.Equal((1, 2, 2), (rotated.Code, argument.Code, file.Code));
        Assert.Contains("NOT_FOUND", rotated.Errors, StringComparison.Ordinal);
        Assert.Contains("nowhere", file.Errors, StringComparison.Ordinal);
        Assert.Equal("", (await Aos.RunAsync("secrets", "--json")).Output);
    }

    private async Task<Ended> WithInputAsync(string input, params string[] arguments)
    {
        using var process = Aos.Start(arguments);
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        return await Command.EndAsync(process);
    }
}
