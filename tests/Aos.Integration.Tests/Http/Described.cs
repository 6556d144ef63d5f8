using System.Text.Json;
using Aos.App.Server;
using Microsoft.AspNetCore.Routing;

namespace Aos.Integration.Tests.Http;

/// <summary>The description of the API says what is there.</summary>
public sealed class Described : IAsyncLifetime
{
    private House house = null!;
    private JsonElement page;

    public async ValueTask InitializeAsync()
    {
        house = await House.OpenAsync();
        page = (await house.AskAsync("/openapi.json")).Body;
    }

    public async ValueTask DisposeAsync() => await house.DisposeAsync();

    [Fact]
    public void Every_mapped_route_is_described_and_every_description_is_mapped()
    {
        var mapped = OpenApiPage.Routes(house.Services).Select(route => $"{route.Method} {route.Path}").ToList();

        Assert.NotEmpty(mapped);
        Assert.All(mapped, route => Assert.NotNull(Operation(route)?.GetText("summary")));
        Assert.Empty(OpenApiPage.Described.Except(mapped, StringComparer.Ordinal));
    }

    [Fact]
    public void Every_reference_leads_to_a_schema()
    {
        var schemas = page.GetProperty("components").GetProperty("schemas");
        var names = References(page).Select(reference => reference["#/components/schemas/".Length..]).ToList();

        Assert.NotEmpty(names);
        Assert.All(names, name => Assert.NotNull(schemas.Get(name)));
    }

    [Fact]
    public void Operations_have_names_of_their_own()
    {
        var names = OpenApiPage.Routes(house.Services).Select(route => Operation($"{route.Method} {route.Path}")!.Value.GetText("operationId")).ToList();

        Assert.Equal(names.Count, names.Distinct(StringComparer.Ordinal).Count());
    }

    [Fact]
    public async Task An_example_of_a_request_is_one_that_the_server_takes()
    {
        var key = ("X-AOS-Key", house.Key());
        foreach (var (method, path, _) in OpenApiPage.Routes(house.Services))
        {
            var body = method == "POST" ? Operation($"POST {path}")!.Value.Get("requestBody")?.Get("content")?.Get("application/json") : null;
            if (body?.Get("example") is not { } example) continue;
            var run = (await house.AskAsync("/api/v1/runs", """{"name":"w","steps":[{"id":"a","await":{"signal":"go"}}]}""")).Body.GetText("run_id")!;
            var target = path.Replace("{id}", run, StringComparison.Ordinal).Replace("{name}", "go", StringComparison.Ordinal).Replace("{step}", "a", StringComparison.Ordinal);
            var reply = await house.AskAsync("POST", target, example.GetRawText(), key);

            // 404 and 409: the example names something that this house does not have, or not in that state.
            Assert.True(reply.Status is < 400 or 404 or 409, $"{path}: {reply.Status} {reply.Body}");
        }
    }

    [Fact]
    public async Task The_description_can_be_taken_home_and_looked_at()
    {
        var file = await house.AskAsync("/openapi-download");
        var docs = await house.AskAsync("/docs");

        Assert.Equal("attachment; filename=openapi.json", file.Headers["Content-Disposition"]);
        Assert.Equal(page.GetRawText(), file.Body.GetRawText());
        Assert.Contains("/api/v1/runs/{id}/events", docs.Body.GetString()!, StringComparison.Ordinal);
    }

    private JsonElement? Operation(string route)
    {
        var (method, path) = (route[..route.IndexOf(' ', StringComparison.Ordinal)], route[(route.IndexOf(' ', StringComparison.Ordinal) + 1)..]);
        return page.GetProperty("paths").Get(path)?.Get(method.ToLowerInvariant());
    }

    private static IEnumerable<string> References(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => value.EnumerateObject().SelectMany(member => member.NameEquals("$ref") ? [member.Value.GetString()!] : References(member.Value)),
        JsonValueKind.Array => value.EnumerateArray().SelectMany(References),
        _ => [],
    };
}
