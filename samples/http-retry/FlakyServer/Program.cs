using System.Collections.Concurrent;
using System.Globalization;

// A peer with bad days, on a free loopback port; the first line on standard output says its address.
//   /flaky/N    answers 503 N times for each ?key=, then 200
//   /down       always answers 503
//   /steady     always answers 200
var builder = WebApplication.CreateSlimBuilder(args);
builder.Logging.ClearProviders();
builder.WebHost.UseUrls($"http://127.0.0.1:{args.FirstOrDefault() ?? "0"}");
await using var app = builder.Build();
var calls = new ConcurrentDictionary<string, int>();

app.MapGet("/flaky/{failures:int}", async context =>
{
    var failures = int.Parse((string)context.Request.RouteValues["failures"]!, CultureInfo.InvariantCulture);
    var call = calls.AddOrUpdate($"{failures} {context.Request.Query["key"]}", 1, (_, before) => before + 1);
    context.Response.StatusCode = call <= failures ? 503 : 200;
    context.Response.ContentType = "application/json";
    await context.Response.WriteAsync($$"""{"call": {{call}}, "ok": {{(call > failures ? "true" : "false")}}}""");
});
app.MapGet("/down", context =>
{
    context.Response.StatusCode = 503;
    return Task.CompletedTask;
});
app.MapGet("/steady", async context =>
{
    context.Response.ContentType = "application/json";
    await context.Response.WriteAsync("""{"source": "the other server", "ok": true}""");
});

await app.StartAsync();
Console.WriteLine(app.Urls.First());
await app.WaitForShutdownAsync();
