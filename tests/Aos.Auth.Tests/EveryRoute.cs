using System.Text.RegularExpressions;
using Aos.App.Server;
using Aos.Contracts;
using Aos.Identity;

namespace Aos.Auth.Tests;

/// <summary>Every route of the server, asked by every role and by every kind of wrong credential, answers as it declares.</summary>
[Trait("store", "none")]
public sealed class EveryRoute : IAsyncLifetime
{
    private AuthHouse house = null!;

    public async ValueTask InitializeAsync() => house = await AuthHouse.OpenAsync();

    public async ValueTask DisposeAsync() => await house.DisposeAsync();

    [Fact]
    public void Every_route_says_what_it_needs_or_that_it_is_open_and_why()
    {
        var routes = Routes();

        Assert.True(routes.Count > 60, $"{routes.Count} routes");
        Assert.All(routes, route => Assert.True(route.Needs is null != route.Open is null, route.Name));
        Assert.All(routes.Where(route => route.Open is not null), route => Assert.NotEmpty(route.Open!.Why));
        Assert.Equal(
            ["DELETE", "GET", "PATCH", "POST", "PUT"],
            routes.Where(route => route.Needs is not null).Select(route => route.Method).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal));
    }

    [Fact]
    [Trait("id", "C8.1-28")]
    [Trait("id", "C8.2-13")]
    [Trait("id", "C8.2-21")]
    public async Task An_open_route_asks_for_nothing_and_minds_no_wrong_key()
    {
        foreach (var route in Routes().Where(route => route.Open is not null && route.Method == "GET"))
        {
            Assert.True((await house.AskAsync("GET", route.Path)).Status is not (401 or 403), route.Name);
            Assert.True((await house.AskAsync("GET", route.Path, null, ("X-AOS-Key", "wrong"))).Status is not (401 or 403), route.Name);
        }

        Assert.Equal(200, (await house.AskAsync("GET", "/health")).Status);
    }

    [Fact]
    [Trait("id", "C8.2-07")]
    [Trait("id", "C8.2-17")]
    [Trait("id", "C8.2-22")]
    [Trait("id", "C8.1-17")]
    public async Task Without_a_right_credential_every_other_route_is_shut()
    {
        var key = await house.KeyAsync("admin");
        await house.AsFirstAsync("DELETE", $"/api/v1/keys/{key.Id}");
        (string, string)[][] wrong =
        [
            [("X-AOS-Key", "wrong")], [("X-API-Key", AuthHouse.FirstKey + "x")], [("Authorization", "Bearer wrong")], [("X-AOS-Key", key.Text)], [("X-Machine-Token", "wrong")],
            [("X-Machine-Token", "wrong"), ("X-AOS-Key", AuthHouse.FirstKey)],
        ];
        foreach (var route in Routes().Where(route => route.Needs is not null))
        {
            var bare = await house.AskAsync(route.Method, route.Path);
            Assert.True(bare.Status == (route.Needs!.KeyIsField ? 422 : 401), $"{route.Name}: {bare.Status}");
            Assert.StartsWith("Bearer", bare.Headers["WWW-Authenticate"], StringComparison.Ordinal);
            foreach (var headers in wrong)
            {
                var reply = await house.AskAsync(route.Method, route.Path, null, headers);
                Assert.True(reply.Status == 401 && reply.Text("error.code") == "UNAUTHORIZED", $"{route.Name} with {headers[0]}: {reply.Status}");
            }
        }
    }

    [Fact]
    [Trait("id", "C8.1-07")]
    [Trait("id", "C8.1-29")]
    [Trait("id", "C8.1-30")]
    [Trait("id", "C8.2-23")]
    public async Task Every_role_of_every_tenant_gets_through_where_the_matrix_says_so_and_nowhere_else()
    {
        foreach (var role in PolicyReader.BuiltIn.Matrix.Keys)
        {
            foreach (var tenant in new[] { "default", "acme" })
            {
                var key = await house.KeyAsync(role, $"\"tenant_id\":\"{tenant}\",\"tier\":\"unlimited\"");
                foreach (var route in Routes().Where(route => route.Needs is not null))
                {
                    var needs = route.Needs!;
                    var isAllowed = !needs.OfHouse && (needs.Permission is not { } permission || PolicyReader.BuiltIn.Allows(role, permission));
                    var reply = await house.AskAsync(route.Method, route.Path, null, ("X-AOS-Key", key.Text));
                    var isRefused = reply is { Status: 403 } && reply.Text("error.details.resource") == needs.Permission?.Resource;
                    Assert.True(isAllowed != isRefused && reply.Status != 401, $"{role} of {tenant}, {route.Name}: {reply.Status} {reply.Body}");
                    if (isRefused) Assert.Equal(needs.OfHouse ? "house-only" : "insufficient-permissions", reply.Text("error.details.reason"));
                }
            }
        }
    }

    [Fact]
    public async Task The_house_gets_through_everywhere()
    {
        // Draining would end the server's work; its own test does that.
        foreach (var route in Routes().Where(route => route.Needs is not null && !route.Path.EndsWith("/drain", StringComparison.Ordinal)))
        {
            var reply = await house.AsFirstAsync(route.Method, route.Path);
            Assert.True(reply.Status is not (401 or 403), $"{route.Name}: {reply.Status} {reply.Body}");
        }
    }

    [Fact]
    public async Task The_description_of_the_api_says_the_same()
    {
        var paths = (await house.AskAsync("GET", "/openapi.json"))["paths"];

        foreach (var route in Routes())
        {
            var operation = paths.GetProperty(route.Template).GetProperty(route.Method.ToLowerInvariant());
            Assert.Equal(route.Needs is null ? null : route.Needs.Permission?.ToString() ?? "any", operation.GetText("x-permission"));
            Assert.Equal(route.Needs?.OfHouse == true, operation.Get("x-house") is not null);
        }
    }

    private List<Route> Routes() =>
    [
        .. OpenApiPage.Routes(house.Services).Select(route => new Route(
            route.Method, route.Path, route.Endpoint.Metadata.GetMetadata<NeedsAttribute>(), route.Endpoint.Metadata.GetMetadata<OpenAttribute>())),
    ];

    /// <param name="Template">With its parameters' names.</param>
    private sealed record Route(string Method, string Template, NeedsAttribute? Needs, OpenAttribute? Open)
    {
        internal string Name => $"{Method} {Template}";

        /// <summary>With something in the place of each parameter that nothing has as its id.</summary>
        internal string Path => Parameter().Replace(Template, "00000000-0000-7000-8000-000000000000");

        private static Regex Parameter() => new(@"\{\w+\}", RegexOptions.CultureInvariant);
    }
}
