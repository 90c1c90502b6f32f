#!/usr/bin/env bash
# Tells where a public text corpus comes from and checks the sums of files that are there already.
#
#   scripts/fetch_data.sh               lists the names
#   scripts/fetch_data.sh NAME [DIR]    source, terms, commands; checks files in DIR (data/NAME)
#
# Nothing is downloaded: the terms of these sets ask each user to fetch them for himself.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

NAMES=(debian ag_news imdb 20news yelp bbc mind cnn_dailymail sumpubmed)

# describe NAME: sets about, source, terms, use (text) and sums (lines "algorithm sum file").
describe() {
  sums=""
  case $1 in
    debian)
      about="Descriptions of Debian packages with their sections, tags and synopses; 60,000 rows"
      source="this machine's own package lists"
      terms="each description under its package's terms"
      use="scripts/debian_corpus.py data/debian"
      ;;
    ag_news)
      about="News, 4 topics, 120,000 train and 7,600 test rows: class,title,description; no header"
      source="https://github.com/mhjabreel/CharCnn_Keras/tree/master/data/ag_news_csv"
      terms="research and other non-commercial use"
      use="fastformer train --task classification --train data/ag_news/train.csv --output models/ag"
      sums="md5 b1a00f826fdfbd249f79597b59e1dc12 train.csv
md5 d52ea96a97a2d943681189a97654912d test.csv"
      ;;
    imdb)
      about="Film reviews, positive or negative, 25,000 train and 25,000 test; a folder per class"
      source="https://ai.stanford.edu/~amaas/data/sentiment/aclImdb_v1.tar.gz"
      terms="cite Maas et al., ACL 2011; the reviews are their writers'"
      use="tar -xzf aclImdb_v1.tar.gz && rm -r aclImdb/train/unsup"
      sums="md5 7c2ac02c03563afcf9b574c7e56c153a aclImdb_v1.tar.gz"
      ;;
    20news)
      about="Usenet posts, 20 groups, split by date: 11,314 train and 7,532 test; a folder per class"
      source="http://qwone.com/~jason/20Newsgroups/20news-bydate.tar.gz
          same bytes: https://ndownloader.figshare.com/files/5975967"
      terms="none stated; public posts"
      use="tar -xzf 20news-bydate.tar.gz; headers give the class away: strip them for an honest score"
      sums="sha256 8f1b2514ca22a5ade8fbb9cfa5727df95fa587f4c87b786e15c759fa66d95610 20news-bydate.tar.gz"
      ;;
    yelp)
      about="Reviews with 1 to 5 stars, 650,000 train and 50,000 test rows: stars,text; no header"
      source="yelp_review_full_csv.tar.gz of Zhang, Zhao and LeCun 2015, drawn from the Yelp Open
          Dataset: https://www.yelp.com/dataset"
      terms="Yelp's own: personal, educational and academic use"
      use="tar -xzf yelp_review_full_csv.tar.gz"
      sums="md5 f7ddfafed1033f68ec72b9267863af6c yelp_review_full_csv.tar.gz"
      ;;
    bbc)
      about="BBC News, 5 topics, 2,225 articles; a folder per class, no official split"
      source="http://mlg.ucd.ie/datasets/bbc.html (bbc-fulltext.zip)"
      terms="non-commercial research; cite Greene and Cunningham, ICML 2006"
      use="unzip bbc-fulltext.zip; 98 articles stand in it twice: keep equal ones on one side"
      ;;
    mind)
      about="Microsoft News: click logs and news with categories (MINDsmall, MINDlarge)"
      source="https://msnews.github.io"
      terms="Microsoft Research licence: non-commercial research"
      use="unzip MINDsmall_train.zip -d train && unzip MINDsmall_dev.zip -d dev"
      ;;
    cnn_dailymail)
      about="News stories with highlights, for summarization; 287,000 stories"
      source="https://cs.nyu.edu/~kcho/DMQA/ (stories); split by https://github.com/abisee/cnn-dailymail"
      terms="research; the stories are CNN's and the Daily Mail's"
      use="make CSV files with the columns article and highlights"
      ;;
    sumpubmed)
      about="Biomedical articles with abstracts, for long summarization; 32,689 articles"
      source="https://github.com/vgupta123/sumpubmed"
      terms="MIT; asks for non-commercial academic use"
      use="files of one id stand in line_text/, abstract/ and shorter_abstract/"
      ;;
    *) return 1 ;;
  esac
}

# check_sums DIR: compares the files that are there; returns 1 if one differs.
check_sums() {
  local folder=$1 algorithm sum file found wrong=0
  if [[ -z $sums ]]; then
    echo "sums:     none is known to be official; nothing to check"
    return
  fi
  while read -r algorithm sum file; do
    if [[ ! -f $folder/$file ]]; then
      echo "sum:      $algorithm $sum  $file (not in $folder)"
      continue
    fi
    found=$("${algorithm}sum" <"$folder/$file")
    if [[ ${found%% *} == "$sum" ]]; then
      echo "checked:  $folder/$file is the published file ($algorithm)"
    else
      echo "WRONG:    $folder/$file has $algorithm ${found%% *}, published is $sum"
      wrong=1
    fi
  done <<<"$sums"
  return "$wrong"
}

name=${1:-}
if [[ $# -gt 2 || $name == -* ]]; then
  echo "usage: scripts/fetch_data.sh [NAME [DIR]]" >&2
  exit 2
fi
if [[ -z $name ]]; then
  for name in "${NAMES[@]}"; do
    describe "$name"
    printf '%-14s %s\n' "$name" "$about"
  done
  exit
fi
if ! describe "$name"; then
  echo "fetch_data: no set is called $name; there are: ${NAMES[*]}" >&2
  exit 2
fi
folder=${2:-data/$name}
cat <<TEXT
$name: $about
from:     $source
terms:    $terms
put into: $folder
then:     $use
TEXT
check_sums "$folder"
