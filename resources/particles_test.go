package resources

import "testing"

func TestParticles(t *testing.T) {
	for text, want := range map[string]string{
		"학습률이 0.005(으)로 줄자":     "학습률이 0.005로 줄자",
		"에폭 4(으)로 돌아가기":         "에폭 4로 돌아가기",
		"에폭 10(으)로, 1(으)로":      "에폭 10으로, 1로",
		"run 13을(를) 삭제할까요?":     "run 13을 삭제할까요?",
		"run 14이(가), run 2이(가)": "run 14가, run 2가",
		"나의 실행은(는)":             "나의 실행은",
		"사과과(와) 배과(와)":          "사과와 배와",
		"lenet을(를)":             "lenet을(를)",
		"(으)로":                  "(으)로",
	} {
		if got := withParticles(text); got != want {
			t.Errorf("%q becomes %q, not %q", text, got, want)
		}
	}
}
