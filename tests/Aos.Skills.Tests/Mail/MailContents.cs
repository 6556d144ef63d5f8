using System.Text;

namespace Aos.Skills.Tests;

/// <summary>Mail as readers get it: every letter, line and byte that was given, whatever it is.</summary>
[Trait("store", "none")]
public sealed class MailContents(MailHouse house) : IClassFixture<MailHouse>
{
    public static TheoryData<string> Bodies =>
    [
        ".", "..", ".\r\n.\r\n", "a\n.\nb", "a\r.\rb\n", "\n.\r\nQUIT\r\n", "From me\nFrom you\n>From\n", "ends in spaces   \n\t\n ", "=3D = =\r\n=", "Grüße, Ελλάδα, 日本語 🦊",
        new string('x', 5_000), new string('é', 2_000), string.Concat(Enumerable.Repeat("🦊", 500)), "a\n" + new string(' ', 200) + "\nb", "\0\u0001\u007f\u0085\u2028\f",
        "--=_aos_mixed--\n--=_aos_alternative\n=_aos_mixed", "", "\n\n\n",
    ];

    [Theory]
    [Trait("id", "F5.64-30")]
    [MemberData(nameof(Bodies))]
    public async Task A_body_comes_as_it_is_but_for_its_line_breaks(string body)
    {
        var room = house.Fresh();
        var wanted = body.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n').Replace("\n", "\r\n", StringComparison.Ordinal);

        var mail = await room.ReadAsync($$"""{"body":{{MailRoom.Quoted(body)}},"html":{{MailRoom.Quoted(body)}},"attachments":[{"filename":"b.txt","content":{{MailRoom.Quoted(body)}}}]}""");

        var parts = mail.Parts;
        Assert.Equal(["multipart/alternative", "text/plain"], parts.Select(part => part.Type));
        Assert.Equal([wanted, wanted], parts[0].Parts.Select(part => part.Content));
        Assert.Equal(body, parts[1].Content); // A file is bytes.
        Assert.Equal(1, Occurrences(Encoding.Latin1.GetString(room.Mail.Wire) + ".\r\n", "\r\n.\r\n"));
        Assert.DoesNotContain("\nFrom ", room.Mail.Text, StringComparison.Ordinal);
        Assert.All(room.Mail.Data, b => Assert.True(b is (byte)'\r' or (byte)'\n' or (byte)'\t' or (>= 0x20 and <= 0x7e)));
    }

    public static TheoryData<string> Subjects =>
    [
        "Hello", "Grüße aus Köln", "=?utf-8?B?SGVsbG8=?=", " leads", "trails ", "two  spaces", new string('x', 998), string.Join(' ', Enumerable.Repeat("word", 199)), new string('ü', 400),
        string.Concat(Enumerable.Repeat("🦊", 100)), "a: b; c, d <e@f> \"g\" (h)",
    ];

    [Theory]
    [Trait("id", "F5.64-31")]
    [MemberData(nameof(Subjects))]
    public async Task A_subject_comes_as_it_is_on_lines_that_are_no_longer_than_they_may_be(string subject)
    {
        var room = house.Fresh();

        var mail = await room.ReadAsync($$$"""{"subject":{{{MailRoom.Quoted(subject)}}},"tags":{"campaign":{{{MailRoom.Quoted(subject[..Math.Min(subject.Length, 200)])}}} } }""");

        Assert.Equal(subject, mail.Shown("Subject"));
        Assert.Equal(subject[..Math.Min(subject.Length, 200)], mail.Shown("X-Tag-campaign"));
        Assert.All(mail.Raw.Split("\r\n"), line => Assert.True(line.Length <= 78, line));
    }

    [Theory]
    [Trait("id", "F5.64-32")]
    [InlineData("Ann <ann@example.org>", "Ann <ann@example.org>")]
    [InlineData("\"Ann \\\"A\\\" B.\" <ann@example.org>", "\"Ann \\\"A\\\" B.\" <ann@example.org>")]
    [InlineData("Müller, Jürgen <jm@example.org>", "Müller, Jürgen <jm@example.org>")]
    [InlineData("Αλέξανδρος Παπαδόπουλος και Υιοί Ανώνυμη Εταιρεία <ap@example.org>", "Αλέξανδρος Παπαδόπουλος και Υιοί Ανώνυμη Εταιρεία <ap@example.org>")]
    [InlineData("ann@bücher.example", "ann@xn--bcher-kva.example")]
    [InlineData("o'hara+tag=x@sub.example.org", "o'hara+tag=x@sub.example.org")]
    public async Task A_name_comes_as_it_is_and_a_domain_as_name_servers_know_it(string address, string shown)
    {
        var room = house.Fresh();

        var mail = await room.ReadAsync($$"""{"to":["first@example.org",{{MailRoom.Quoted(address)}}],"reply_to":{{MailRoom.Quoted(address)}}}""");

        Assert.Equal("first@example.org, " + shown, mail.Shown("To"));
        Assert.Equal(shown, mail.Shown("Reply-To"));
        Assert.Equal(shown.Split('<')[^1].TrimEnd('>'), room.Mail.To[1]);
    }

    [Theory]
    [Trait("id", "F5.64-33")]
    [InlineData("report.pdf", "application/pdf", "application/pdf")]
    [InlineData("Ελλάδα και 日本 – ein sehr langer Name, der auf keine einzelne Zeile passt.txt", "text/plain; charset=utf-16", "text/plain")]
    [InlineData("a \"quoted\" \\name;.bin", null, "application/octet-stream")]
    [InlineData("🦊.ics", "text/calendar; method=REQUEST", "text/calendar")]
    public async Task A_file_comes_with_its_name_and_type_byte_for_byte(string name, string? type, string wanted)
    {
        var room = house.Fresh();
        var bytes = Enumerable.Range(0, 10_000).Select(i => (byte)(i * 7)).ToArray();
        name = name.Replace("\\", "", StringComparison.Ordinal);

        var mail = await room.ReadAsync($$"""
            {"attachments":[{"filename":{{MailRoom.Quoted(name)}},"content_base64":"{{Convert.ToBase64String(bytes)}}"{{(type is null ? "" : $",\"content_type\":\"{type}\"")}}},{"filename":"t.txt","content":"ü"}]}
            """);

        Assert.Equal("multipart/mixed", mail.Type);
        Assert.Equal(["text/plain", wanted, "text/plain"], mail.Parts.Select(part => part.Type));
        Assert.Equal([null, name, "t.txt"], mail.Parts.Select(part => part.FileName));
        Assert.Equal(bytes, mail.Parts[1].Bytes);
        Assert.Equal(("ü", "text/plain; charset=utf-8"), (mail.Parts[2].Content, mail.Parts[2].Header("Content-Type")));
        if (type?.Contains(';', StringComparison.Ordinal) == true) Assert.Equal(type, mail.Parts[1].Header("Content-Type"));
    }

    [Fact]
    [Trait("id", "F5.64-33")]
    public async Task A_file_of_text_says_the_letters_it_is_written_in()
    {
        var mail = await house.Fresh().ReadAsync("""
            {"attachments":[{"filename":"a.csv","content":"ü","content_type":"text/csv; charset=iso-8859-1"},{"filename":"a.xml","content":"ü","content_type":"application/xml; charset=latin1"},{"filename":"a.json","content":"ü","content_type":"application/json"}]}
            """);

        Assert.Equal(["text/csv; charset=utf-8", "application/xml; charset=utf-8", "application/json"], mail.Parts.Skip(1).Select(part => part.Header("Content-Type")));
    }

    [Fact]
    [Trait("id", "F5.64-34")]
    public async Task Headers_of_the_call_and_tags_are_sent_and_say_that_a_machine_wrote()
    {
        var room = house.Fresh();
        var references = string.Join(' ', Enumerable.Range(1, 12).Select(i => $"<{i}.abcdefghij@example.org>"));

        var mail = await room.ReadAsync($$"""
            {"headers":{"X-Campaign":"Früh","In-Reply-To":"<1@example.org>","References":"{{references}}","List-Unsubscribe":"<https://example.com/u?a=1>"},"tags":{"env":"test"} }
            """);
        await room.SendAsync("""{"headers":{"auto-submitted":"no"}}""");

        Assert.Equal(("Früh", "<1@example.org>", references), (mail.Shown("X-Campaign"), mail.Header("In-Reply-To"), mail.Header("References")));
        Assert.Equal(("<https://example.com/u?a=1>", "test", "auto-generated"), (mail.Header("List-Unsubscribe"), mail.Header("X-Tag-env"), mail.Header("Auto-Submitted")));
        Assert.Equal("no", ReadMail.Of(room.Peer.Taken.Last()).Header("Auto-Submitted"));
    }

    [Fact]
    [Trait("id", "F5.64-35")]
    public async Task Addresses_of_other_letters_go_where_the_server_takes_them_and_nowhere_else()
    {
        var room = house.Fresh();

        var plain = await room.SendAsync("""{"to":"用户@example.org"}""");
        Assert.DoesNotContain(room.Peer.Heard, line => line.StartsWith("MAIL", StringComparison.Ordinal));
        room.Peer.Extras = ["8BITMIME", "SMTPUTF8", "SIZE 100000"];
        var mail = await room.ReadAsync("""{"to":"用户@例え.example"}""");

        Assert.Equal("DELIVERY_FAILED", plain.Failure?.Code);
        Assert.Equal($"MAIL FROM:<robot@example.com> SIZE={room.Mail.Data.Length} BODY=8BITMIME SMTPUTF8", room.Mail.Order);
        Assert.Equal(["用户@xn--r8jz45g.example"], room.Mail.To);
        Assert.Equal("用户@xn--r8jz45g.example", mail.Header("To"));
    }

    private static int Occurrences(string text, string part) => text.Split(part).Length - 1;
}
