#!/usr/bin/env bash
# Records the runs of this folder: make.sh CNN DATA [NAME…], all of them or some; DATA is a folder with mnist/ (the four IDX files) and cifar10.tar.gz. Each run's events.jsonl is thinned and packed by
# thin.py. After that, look at every run's curves again before believing list.json.
set -euo pipefail
cnn=$(realpath "$1") data=$(realpath "$2") only=" ${*:3} " here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 "$here/networks.py"
"$cnn" import "$data/mnist" --out mnist --max-per-class 600 >/dev/null
"$cnn" import "$data/mnist" --out tiny --max-per-class 24 --val 40 >/dev/null
"$cnn" import "$data/cifar10.tar.gz" --out cifar --max-per-class 500 --val 20 >/dev/null
mkdir five && tar xzf "$data/cifar10.tar.gz" -C five cifar10/train
few() { mkdir -p "uneven/$1" && find "five/cifar10/train/$1" -name '*.jpg' | sort | sed -n "1,$2p" | xargs cp -t "uneven/$1"; }
few airplane 700; few horse 700; few ship 700; few cat 14; few dog 14
"$cnn" import uneven --out rare --val 25 >/dev/null

# run NAME DATASET NETWORK FLAGS…
run() {
	local name=$1; shift
	[[ $only == "  " || $only == *" $name "* ]] || return 0
	local set=$1 net=$2; shift 2
	"$cnn" train --data "$set" --net "$net" --out "run-$name" "$@" >/dev/null 2>&1 || true
	python3 "$here/thin.py" "run-$name" "$here/$name.jsonl.gz"
	echo "$name"
}

# What is wrong, told in list.json.
run vanishing mnist sigmoid10.json --epochs 8 --policy fixed --lr 0.05
run vanishing-colour cifar sigmoid10-colour.json --epochs 6 --policy fixed --lr 0.02
run exploding mnist relu10.json --epochs 2 --lr 0.6 --policy fixed --momentum 0
run diverged mnist lenet --epochs 3 --lr 3
run rate-high cifar vgg-small --epochs 4 --lr 0.12 --policy fixed
run rate-low mnist lenet --epochs 4 --lr 0.000003 --policy fixed
run rate-low-adam cifar cifar-quick --epochs 4 --solver adam --lr 0.0000003 --policy fixed
run overfit tiny lenet --epochs 60 --policy fixed --weight-decay 0
run overfit-colour cifar vgg-small --epochs 25 --policy fixed --lr 0.01
run gap cifar cifar-quick --epochs 20
run ignored rare cifar-quick --epochs 8 --policy fixed
run plateau cifar linear.json --epochs 40 --policy fixed --lr 0.001 --batch 200 --weight-decay 0.3
run diverged-later mnist lenet --epochs 6 --lr 0.09 --policy fixed --batch 8
run jumps mnist lenet --epochs 4 --lr 0.012 --policy fixed --batch 8

# What is well.
run well-lenet mnist lenet --epochs 5
run well-lenet-adam mnist lenet --epochs 5 --solver adam
run well-lenet-nesterov mnist lenet --epochs 5 --solver nesterov
run well-lenet-rmsprop mnist lenet --epochs 5 --solver rmsprop
run well-lenet-adagrad mnist lenet --epochs 5 --solver adagrad
run well-lenet-adadelta mnist lenet --epochs 5 --solver adadelta
run well-relu10 mnist relu10.json --epochs 6
run well-resnet cifar resnet-small --epochs 8
run well-resnet-adamw cifar resnet-small --epochs 6 --solver adamw
run well-vgg-augmented cifar vgg-small --epochs 12 --mirror --shift 4 --lr 0.01
run well-cifar-full cifar cifar-full --epochs 20
run well-lenet-poly mnist lenet --epochs 5 --policy poly
