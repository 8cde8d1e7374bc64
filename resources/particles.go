package resources

import "strings"

// particles are the endings of Korean that depend on the sound before them: after a consonant the first, after a vowel the second.
var particles = []struct{ written, consonant, vowel string }{
	{"을(를)", "을", "를"}, {"이(가)", "이", "가"}, {"은(는)", "은", "는"}, {"과(와)", "과", "와"}, {"(으)로", "으로", "로"},
}

// withParticles chooses between the endings of Korean texts, which names and numbers decide that are put into them: "5(으)로" is "5로", "run 13을(를)" is "run 13을".
// After what is not read in one way, such as a Latin letter, both stay.
func withParticles(text string) string {
	for _, p := range particles {
		from := 0
		for {
			at := strings.Index(text[from:], p.written)
			if at < 0 {
				break
			}
			at += from
			end := p.written
			switch closing(text[:at]) {
			case soundVowel:
				end = p.vowel
			case soundL:
				end = p.consonant
				if p.written == "(으)로" {
					end = p.vowel // ㄹ counts as a vowel before 로
				}
			case soundConsonant:
				end = p.consonant
			}
			text = text[:at] + end + text[at+len(p.written):]
			from = at + len(end)
		}
	}
	return text
}

type sound int

const (
	soundUnknown sound = iota
	soundVowel
	soundConsonant
	soundL
)

// digits are how the names of the digits end: 영 일 이 삼 사 오 육 칠 팔 구.
var digits = [10]sound{soundConsonant, soundL, soundVowel, soundConsonant, soundVowel, soundVowel, soundConsonant, soundL, soundL, soundVowel}

// closing returns the sound that a text ends with.
func closing(text string) sound {
	r := []rune(strings.TrimRight(text, "\"'”’)]"))
	if len(r) == 0 {
		return soundUnknown
	}
	switch last := r[len(r)-1]; {
	case last >= '0' && last <= '9':
		return digits[last-'0']
	case last >= 0xAC00 && last <= 0xD7A3: // a syllable; its last of 28 parts is the consonant below
		switch (last - 0xAC00) % 28 {
		case 0:
			return soundVowel
		case 8:
			return soundL
		}
		return soundConsonant
	case last == '%':
		return soundVowel // 퍼센트
	}
	return soundUnknown
}
