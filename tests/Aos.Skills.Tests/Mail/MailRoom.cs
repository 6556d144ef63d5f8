using System.Text.Json;
using Aos.Contracts;
using Microsoft.Extensions.DependencyInjection;

namespace Aos.Skills.Tests;

/// <summary>A mail server, and the skills with a connection to it under the name of <c>mail</c>.</summary>
internal sealed class MailRoom : IAsyncDisposable
{
    private readonly ConnectionRoom room;

    private MailRoom(MailPeer peer, TimeProvider? clock)
    {
        Peer = peer;
        room = new ConnectionRoom(["127.0.0.1"], aos => aos.Services.AddSingleton(new SmtpTrust(peer.Trusts)), clock ?? Clock);
    }

    internal MailPeer Peer { get; }

    internal ConnectionRoom Room => room;

    internal ManualClock Clock { get; } = new();

    /// <summary>The only mail that it took.</summary>
    internal TakenMail Mail => Assert.Single(Peer.Taken);

    internal static async Task<MailRoom> OpenAsync(MailPeer? peer = null, string tls = "starttls", string more = "", TimeProvider? clock = null)
    {
        var made = new MailRoom(peer ?? new MailPeer(), clock);
        await made.room.SecretAsync("PW", made.Peer.Password);
        await made.ConnectAsync(tls, more);
        return made;
    }

    /// <summary>Makes the connection anew.</summary>
    internal Task ConnectAsync(string tls = "starttls", string more = "", int? port = null) => room.PutAsync(
        "mail", "smtp",
        $$"""{"host":"127.0.0.1","port":{{port ?? Peer.Port}},"tls":"{{tls}}",{{(tls == "none" ? "" : "\"user\":\"robot\",\"password\":\"secret:PW\",")}}"from":"robot@example.com"{{(more.Length > 0 ? "," + more : "")}}}""");

    /// <summary>A mail with a recipient, a subject and a body, unless the members say otherwise.</summary>
    internal Task<StructuredOutcome> SendAsync(string members = "{}", string key = "key-1", TimeSpan? timeout = null)
    {
        var asked = Json.Parse(members);
        var parameters = Json.Write(writer =>
        {
            writer.WriteStartObject();
            foreach (var (name, value) in new[] { ("connection", "mail"), ("to", "ann@example.org"), ("subject", "Hello"), ("body", "Good morning.") })
            {
                if (asked.Get(name) is null) writer.WriteString(name, value);
            }

            foreach (var member in asked.EnumerateObject()) member.WriteTo(writer);
            writer.WriteEndObject();
        });
        return room.Skills.InvokeAsync("email_send", parameters, SkillRoom.Call(key, timeout, "acme", parameters.GetRawText()), TestContext.Current.CancellationToken);
    }

    /// <summary>The mail as a reader sees it, after a call that must succeed.</summary>
    internal async Task<ReadMail> ReadAsync(string members)
    {
        var outcome = await SendAsync(members);
        Assert.True(outcome.Ok, outcome.Failure?.Message);
        return ReadMail.Of(Mail);
    }

    /// <summary>As a JSON text.</summary>
    internal static string Quoted(string text) => JsonSerializer.Serialize(text);

    public async ValueTask DisposeAsync()
    {
        room.Dispose();
        await Peer.DisposeAsync();
    }
}

/// <summary>One room for the tests of a class that change nothing in it but what the server does.</summary>
public sealed class MailHouse : IAsyncLifetime
{
    private MailRoom room = null!;

    public async ValueTask InitializeAsync() => room = await MailRoom.OpenAsync();

    public ValueTask DisposeAsync() => room.DisposeAsync();

    internal MailRoom Fresh()
    {
        room.Peer.Forget();
        return room;
    }
}
