using System.Collections.Frozen;
using System.Text.RegularExpressions;

namespace Aos.Kernel;

/// <summary>Numbers that prove by their check digits, or by their length, that they are what they look like.</summary>
internal static class CheckedNumbers
{
    private const int PhoneDigitsMin = 8;

    private static readonly FrozenDictionary<string, int> IbanLengths = (
        "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DK18 DO28 EE20 EG29 ES24 FI18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 "
        + "HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 MC27 MD24 ME22 MK19 MR27 MT31 MU30 NL18 NO15 PK24 PL28 PS29 PT25 QA29 "
        + "RO24 RS22 SA24 SC31 SE24 SI19 SK24 SM27 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20")
        .Split(' ').ToFrozenDictionary(entry => entry[..2], entry => int.Parse(entry.AsSpan(2), System.Globalization.CultureInfo.InvariantCulture), StringComparer.Ordinal);

    /// <summary>The match up to the length that its country has, when the remainder of 97 is 1.</summary>
    internal static (int Start, int Length)? Iban(Match match, string text)
    {
        if (!IbanLengths.TryGetValue(match.Value[..2], out var length)) return null;
        var (signs, end) = (new List<char>(length), 0);
        for (; end < match.Length && signs.Count < length; end++)
        {
            if (match.Value[end] != ' ') signs.Add(match.Value[end]);
        }

        if (signs.Count < length || (end < match.Length && match.Value[end] != ' ')) return null;
        var rest = 0;
        for (var i = 0; i < length; i++)
        {
            var c = signs[(i + 4) % length];
            rest = char.IsAsciiDigit(c) ? ((rest * 10) + c - '0') % 97 : ((rest * 100) + c - 'A' + 10) % 97;
        }

        return rest == 1 ? (match.Index, end) : null;
    }

    /// <summary>Digits of a card's issuer and length, in groups that are parted by one and the same sign, whose Luhn sum is a multiple of ten.</summary>
    internal static (int Start, int Length)? Card(Match match, string text)
    {
        if (match.Value.Contains(' ', StringComparison.Ordinal) && match.Value.Contains('-', StringComparison.Ordinal)) return null;
        var digits = match.Value.Where(char.IsAsciiDigit).Select(static c => c - '0').ToList();
        if (!IsIssued(digits) || digits.Distinct().Count() < 2) return null;
        var sum = 0;
        for (var i = 0; i < digits.Count; i++)
        {
            var digit = digits[^(i + 1)];
            sum += i % 2 == 0 ? digit : digit * 2 > 9 ? (digit * 2) - 9 : digit * 2;
        }

        return sum % 10 == 0 ? (match.Index, match.Length) : null;
    }

    internal static (int Start, int Length)? Phone(Match match, string text) =>
        match.Value.Count(char.IsAsciiDigit) is var digits && digits >= PhoneDigitsMin && digits < 16 ? (match.Index, match.Length) : null;

    private static bool IsIssued(List<int> digits)
    {
        var (first, two, length) = (digits[0], (digits[0] * 10) + digits[1], digits.Count);
        return first switch
        {
            4 => length is 13 or 16 or 19,
            5 => two is >= 50 and <= 58 && length is 16,
            6 => length is >= 16 and <= 19,
            2 => two is >= 22 and <= 27 && length is 16,
            3 => two switch { 34 or 37 => length is 15, 35 => length is 16, 30 or 36 or 38 or 39 => length is 14, _ => false },
            _ => false,
        };
    }
}
